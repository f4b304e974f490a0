"""Sends every example of the API's description to a running service, and holds the answers against the description.

    examples.py ADDRESS KEY EXAMPLES.json

For each operation everything that its example speaks of is made anew, by the examples of the operations that make it;
so no example hangs on another one but those that it names itself (`after`). What is answered must be a success, and fit
the schema of that status. Prints a line for each operation, and ends with 1 if one was not answered as described.
"""

import itertools
import json
import re
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import date, timedelta

import jsonschema_rs

address, key, table_path = sys.argv[1:]
PLACEHOLDER = re.compile(r"\{(\w+)\}")
BOUNDARY = "the-file-ends-here"
METHODS = ("get", "post", "put", "patch", "delete")


def request(method, path, body=None, headers=None, token=key, file=None):
    data = None if body is None else json.dumps(body).encode()
    if file is not None:
        head = 'Content-Disposition: form-data; name="file"; filename="example.csv"\r\nContent-Type: text/csv'
        data = f"--{BOUNDARY}\r\n{head}\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n".encode()
    asked = urllib.request.Request(address + path, data=data, method=method.upper())
    asked.add_header("Authorization", "Bearer " + token)
    if file is not None:
        asked.add_header("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    elif data is not None:
        asked.add_header("Content-Type", "application/json")
    for name, value in (headers or {}).items():
        asked.add_header(name, value)
    try:
        answer = urllib.request.urlopen(asked, timeout=30)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, answer.headers, answer.read()


description = json.loads(request("get", "/api/v1/openapi.json")[2])
table = json.load(open(table_path, encoding="utf-8"))
samples = table["operations"]
operations = {
    operation["operationId"]: (method, path, operation)
    for path, item in description["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
days = {
    "date": str(date.today() + timedelta(days=8)),
    "date_after": str(date.today() + timedelta(days=9)),
    "holiday": str(date.today() + timedelta(days=30)),
}


class Unlike(Exception):
    """An answer that is not as described."""


numbers = itertools.count(1)


class World:
    """The things of one example, each made when it is first spoken of."""

    def __init__(self):
        # Where two of the same name may not be, there is a number in it.
        self.things = dict(days, number=str(next(numbers)))
        self.position = None
        self.session = None

    def thing(self, word):
        if word not in self.things:
            if word in table["made_by"]:
                maker, *where = table["made_by"][word].split()
                told = self.run(maker)
                for step in (where[0] if where else "id").split("."):
                    told = told[int(step) if step.isdigit() else step]
                self.things[word] = told
            else:
                # The same in every house: an address, a password.
                self.things[word] = table["stand_for"][word]
        return self.things[word]

    def fill(self, value):
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: str(self.thing(found[1])), value)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {name: self.fill(item) for name, item in value.items()}
        return value

    def token(self, path):
        """An API key has no profile; who speaks of their own has signed in."""
        if not path.startswith("/api/v1/me"):
            return key
        if self.session is None:
            self.session = self.run("post_sign_in")["token"]
        return self.session

    def run(self, name):
        """Does the operation as in its example; the answer's body."""
        method, path, operation = operations[name]
        sample = samples.get(name, {})
        for before in sample.get("after", []):
            self.run(before)
        address = path
        for parameter in re.findall(r"\{(\w+)\}", path):
            default = "{" + table["paths"].get(path.split("/{" + parameter)[0].rsplit("/", 1)[-1], parameter) + "}"
            told = self.fill(sample.get("path", {}).get(parameter, default))
            address = address.replace("{" + parameter + "}", told)
        if "query" in sample:
            query = {name: self.fill(value) for name, value in sample["query"].items()}
            query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
            address += "?" + urllib.parse.urlencode(query, doseq=True)
        body = self.fill(sample["body"]) if "body" in sample else None
        headers = {}
        if method == "get" and self.position:
            headers["Daybook-Min-Position"] = self.position
        status, headers, content = request(method, address, body, headers, self.token(path), sample.get("file"))
        self.position = headers.get("Daybook-Position") or self.position
        fault = f"{method.upper()} {address} {json.dumps(body)}\n    {status} {content[:600].decode(errors='replace')}"
        if not 200 <= status < 300:
            raise Unlike(fault)
        described = operation["responses"].get(str(status))
        if described is None:
            raise Unlike("an undocumented status: " + fault)
        told = None
        if content:
            kind = headers.get_content_type()
            media = described.get("content", {}).get(kind)
            if media is None:
                raise Unlike(f"an undocumented content type {kind}: " + fault)
            if kind == "application/json":
                told = json.loads(content)
                schema = dict(media["schema"], components=description["components"])
                faults = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(told)
                faults = [f"{'/'.join(map(str, fault.instance_path))}: {fault.message}" for fault in faults]
                if faults:
                    raise Unlike("not as its schema says: " + "; ".join(faults)[:600] + "\n    " + fault)
        return told


def too_long(_signal, _frame):
    raise TimeoutError("not answered within a minute")


signal.signal(signal.SIGALRM, too_long)
# What is described, and cannot be tried in this way: with the reason.
LEFT_OUT = table.get("left_out", {})
failed = 0
modules = {"classes": True, "waitlist": True, "marketing": True}
request("patch", "/api/v1/business", {"modules": modules})
for name, (method, path, operation) in sorted(operations.items()):
    if name in LEFT_OUT:
        print(f"left out {name}: {LEFT_OUT[name]}")
        continue
    # What is streamed without end would be read without end: a socket's timeout is for its silences alone.
    signal.alarm(60)
    try:
        World().run(name)
        print(f"ok {name}")
    except (Unlike, TimeoutError) as unlike:
        failed += 1
        print(f"FAILED {name}: {unlike}")
signal.alarm(0)
unknown = sorted((set(samples) | set(LEFT_OUT)) - set(operations))
for name in unknown:
    print(f"FAILED {name}: no such operation")
print(f"{len(operations) - failed - len(LEFT_OUT)} of {len(operations)} examples answered as described")
sys.exit(1 if failed or unknown else 0)
