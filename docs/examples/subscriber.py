#!/usr/bin/env python3
"""Follows one business from its first event, for ever: docs/guides/subscribing.md tells why it is as it is.

    pip install nats-py
    subscriber.py NATS_URL BUSINESS_ID PLACE [UNTIL]

PLACE is a file in which the subscriber keeps how far it has come: another file is another subscriber, which begins
with the first event. It prints a line of JSON for each event. With UNTIL it ends after the event at that position.
"""

import asyncio
import json
import os
import pathlib
import sys

import nats
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy


def act_on(name, position, event):
    """What this program is for."""
    line = {"position": position, "type": name, "about": event["stream"]["id"], "at": event["recorded_at"]}
    print(json.dumps(line), flush=True)


def read(place):
    """How far we have come."""
    if not place.exists():
        return 0, None
    known = json.loads(place.read_text())
    return known["position"], known["id"]


def write(place, position, id):
    """Beside, then over: a note that is half written is none."""
    beside = place.with_suffix(".new")
    beside.write_text(json.dumps({"position": position, "id": id}))
    os.replace(beside, place)


async def follow(url, business, place, until):
    last, last_id = read(place)
    if until is not None and last >= until:
        return
    client = await nats.connect(url)
    # Durable: NATS remembers what was acknowledged, for as long as it keeps the consumer.
    subscription = await client.jetstream().pull_subscribe(
        f"daybook.{business}.>",
        durable=f"example_{place.stem}",
        stream="DAYBOOK",
        # What is not acknowledged within ack_wait seconds comes again.
        config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.EXPLICIT, ack_wait=5),
    )
    while True:
        try:
            messages = await subscription.fetch(100, timeout=5)
        except nats.errors.TimeoutError:
            continue  # Nothing has happened.
        for message in messages:
            position, id = int(message.headers["ce-daybookposition"]), message.headers["ce-id"]
            if position <= last:
                # Told before: at least once means that it may come again. The same place is the same event.
                if position == last and id != last_id:
                    sys.exit(f"the ledger was set back: position {position} is another event than before")
            elif position > last + 1:
                # One before it is on its way again (its acknowledgement was lost): this one can wait.
                await message.nak(delay=0.2)
                continue
            else:
                act_on(message.headers["ce-type"], position, json.loads(message.data))
                # First our own note, then the acknowledgement: what comes in between is told twice, never lost.
                last, last_id = position, id
                write(place, last, last_id)
            await message.ack()
            if until is not None and last >= until:
                await client.close()
                return


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    asyncio.run(
        follow(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) == 5 else None)
    )
