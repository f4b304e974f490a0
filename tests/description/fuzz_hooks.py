"""What schemathesis cannot know from the description alone: which ids there are, and when time is free.

Most requests made of chance alone end at 404: no such booking. So the ids that answers tell are gathered by the kind of
thing that they name, and three requests of four speak of one of those. What was made wrong on purpose stays wrong: only
what looks like a good id is replaced by a better one.
"""

import json
import os
import random
import re
from datetime import datetime, timedelta, timezone

import schemathesis

# The keys that fuzzers call with. Whoever revokes one shuts a fuzzer out.
OWN_KEYS = set(os.environ.get("DAYBOOK_FUZZ_KEPT", "").split(","))
ID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
# What the house begins with: by kind, ids that are kept as they are, so that something can always be booked.
ANCHORS: dict[str, list[str]] = json.loads(os.environ.get("DAYBOOK_FUZZ_ANCHORS", "{}"))
KEPT = {id for ids in ANCHORS.values() for id in ids}
NOBODY = "00000000-0000-7000-8000-000000000000"
SLUG = os.environ.get("DAYBOOK_FUZZ_SLUG", "shop")
MOST = 40

chance = random.Random(int(os.environ.get("DAYBOOK_FUZZ_SEED", "1")))
known: dict[str, list[str]] = {}
# Of the manage links that visitors were given.
tokens: list[str] = []
shown = 0


def kind_of(path: str, parameter: str) -> str:
    """`bookings` for the `id` of `/api/v1/bookings/{id}/cancel`; `staff` for `staff_id`."""
    before = path.split("{" + parameter + "}")[0].rstrip("/")
    return before.rsplit("/", 1)[-1]


def plural(field: str) -> str:
    """`services` for `service_id`."""
    word = field.removesuffix("_id").removesuffix("_ids").replace("_", "-")
    return word if word == "staff" else word + "s"


def remember(kind: str, value: object) -> None:
    if isinstance(value, str) and ID.match(value) and value not in OWN_KEYS:
        ids = known.setdefault(kind, [])
        if value not in ids:
            ids.append(value)
            if len(ids) > MOST:
                ids.pop(chance.randrange(MOST))


def gather(kind: str, told: object) -> None:
    """Every id that an answer tells, by what it names."""
    if isinstance(told, list):
        for item in told[:20]:
            gather(kind, item)
    elif isinstance(told, dict):
        remember(kind, told.get("id"))
        for field, value in told.items():
            if field.endswith("_id"):
                remember(plural(field), value)
            elif field in ("items", "bookings", "sessions", "payments"):
                gather(kind if field == "items" else field, value)
            elif field in ("service", "staff", "desk", "client") and isinstance(value, dict):
                remember(plural(field), value.get("id"))


def better(kind: str, value: object) -> object:
    if not (isinstance(value, str) and ID.match(value)):
        return value
    if chance.random() < 0.25:
        return value
    # Of two that were made by chance the one rarely does what the other wants; the anchors suit each other.
    anchors, ids = ANCHORS.get(kind, []), known.get(kind, [])
    if anchors and (not ids or chance.random() < 0.7):
        return chance.choice(anchors)
    return chance.choice(ids) if ids else value


def soon() -> str:
    hour = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    at = hour + timedelta(minutes=30 * chance.randrange(48, 48 * 40))
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def improve(told: object) -> None:
    """The ids and starts of a body, at any depth."""
    if isinstance(told, list):
        for item in told:
            improve(item)
    elif isinstance(told, dict):
        for field, value in told.items():
            if field.endswith("_id"):
                told[field] = better(plural(field), value)
            elif field.endswith("_ids") and isinstance(value, list):
                told[field] = [better(plural(field), item) for item in value]
            elif field == "start" and isinstance(value, str) and value.endswith(("Z", "z")):
                if chance.random() < 0.75:
                    told[field] = soon()
            else:
                improve(value)


@schemathesis.hook
def before_call(context, case, **kwargs):
    path, reading = case.operation.path, case.method.upper() == "GET"
    parameters = case.path_parameters or {}
    for parameter, value in parameters.items():
        if parameter == "slug":
            parameters[parameter] = SLUG if chance.random() < 0.9 else value
            continue
        if parameter == "position" and shown and chance.random() < 0.75:
            parameters[parameter] = chance.randrange(1, shown + 1)
            continue
        found = better(kind_of(path, parameter), value)
        # The keys that fuzzers call with live on, and the anchors stay as they are.
        spared = found in OWN_KEYS or (not reading and found in KEPT and path.endswith(("}", "/retire", "-hours")))
        parameters[parameter] = NOBODY if spared else found
    for parameter, value in (case.query or {}).items():
        if parameter.endswith("_id"):
            case.query[parameter] = better(plural(parameter), value)
        elif parameter == "token" and tokens and chance.random() < 0.75:
            case.query[parameter] = chance.choice(tokens)
    if path == "/api/v1/live" and (case.query or {}).get("wait") in (None, True, "true"):
        # Else it would never end.
        case.query = {**(case.query or {}), "wait": "false"}
    body = case.body
    if isinstance(body, (dict, list)):
        improve(body)
    if isinstance(body, dict):
        if path == "/api/v1/business":
            # Whole parts of the house would be closed for the rest of the run.
            body.pop("modules", None)
        if path in ("/api/v1/bookings", "/api/v1/visits") and chance.random() < 0.75:
            body.pop("desk_id", None)
            body.pop("session_id", None)
            body.pop("duration_min", None)
    # Most versions made of chance are stale.
    if (case.headers or {}).get("If-Match") and chance.random() < 0.75:
        case.headers.pop("If-Match")
    # What is never reached is waited for in vain: 503 by design, after five seconds.
    position = (case.headers or {}).get("Daybook-Min-Position", "")
    if position.isdigit() and int(position) > shown:
        case.headers["Daybook-Min-Position"] = str(shown)


@schemathesis.hook
def after_call(context, case, response):
    global shown
    for position in response.headers.get("daybook-position", []):
        shown = max(shown, int(position))
    if response.status_code >= 300 or "json" not in response.headers.get("content-type", [""])[0]:
        return
    try:
        told = response.json()
    except ValueError:
        return
    if isinstance(told, dict) and isinstance(told.get("manage_token"), str):
        tokens.append(told["manage_token"])
        del tokens[:-MOST]
    words = [word for word in case.operation.path.split("/") if word and not word.startswith("{")]
    # What `POST /bookings/{id}/cancel` answers is the booking.
    things = [word for word in words[2:] if word in PLURALS] or words[-1:]
    gather(things[-1], told)


PLURALS = {
    "services", "staff", "desks", "clients", "bookings", "visits", "closures", "absences", "holidays", "payments",
    "api-keys", "users", "classes", "sessions", "waitlist", "webhooks", "deliveries", "imports", "invitations",
}
