//! How the world talks to Daybook: the HTTP API, sessions and keys, commands and answers.
