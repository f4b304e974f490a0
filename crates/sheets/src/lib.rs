//! Tables out of the files that people have: CSV of any encoding and delimiter, XLSX.
