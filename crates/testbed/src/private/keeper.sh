# Keeps a private server for those who use it, and stops it when the last one has left (crates/testbed, docs/adr/0004).
# Standard input is the reading end of the door, a named pipe that every user of the server holds open for writing: the
# kernel closes a dead process's end, however it died, so the end of the file means that nobody is left.
# $1: the door. $2: seconds to linger for the next one. $3: a folder to empty in the end, or nothing.
# The rest: the command that stops the server.
door=$1 linger=$2 discard=$3
shift 3
trap '' HUP INT
echo $$ >"$door.keeper"

# Everyone who comes in writes a name and waits for the answer.
while :; do
	came=
	while IFS= read -r guest; do
		came=yes
		: >"$door.in.$guest"
	done
	[ -n "$came" ] && [ "$linger" -gt 0 ] && [ -p "$door" ] || break
	# Hold the door open ourselves for a while; somebody may come. Nobody did if no name was read when it closes.
	exec 4>"$door"
	sleep "$linger" </dev/null &
	exec 4>&-
done

# Close it for whoever comes now; tell those who came while it was closing to come again.
mv -f "$door" "$door.closing"
while IFS= read -r guest; do
	: >"$door.late.$guest"
done

"$@" </dev/null
[ -z "$discard" ] || rm -rf "$discard"/*
rm -f "$door".in.* "$door".late.* "$door.keeper" "$door.closing"
