//! `daybook asyncapi`: what is published to NATS, described as AsyncAPI 3.0. docs/asyncapi.yaml is this command's
//! output; a test says when it is not.

use domain::schema::{Schemas, of_messages};
use herald::{STREAM, SUBJECTS};
use serde_json::{Map, Value, json};

use crate::output::Output;

/// Prints the description of what is published to NATS (docs/asyncapi.yaml).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(output: &mut Output) -> anyhow::Result<()> {
    if output.json_only() {
        return output.json(&document());
    }
    output.text(yaml()?.as_bytes())
}

fn yaml() -> anyhow::Result<String> {
    Ok(serde_saphyr::to_string(&document())?)
}

/// The whole document, made of the event types themselves.
fn document() -> Value {
    let Schemas {
        events,
        mut definitions,
    } = of_messages("/components/schemas");
    let (mut messages, mut of_channel) = (Map::new(), Map::new());
    for ((kind, event), payload) in &events {
        let name = format!("{kind}.{event}");
        of_channel.insert(
            name.clone(),
            json!({ "$ref": format!("#/components/messages/{name}") }),
        );
        messages.insert(name, message(kind, event, payload));
    }
    definitions.insert("Headers".to_owned(), headers());
    definitions.insert("Envelope".to_owned(), envelope());
    let kinds: Vec<&str> = {
        let mut kinds: Vec<&str> = events.keys().map(|(kind, _)| kind.as_str()).collect();
        kinds.dedup();
        kinds
    };
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Daybook's events",
            "version": domain::event::VERSION,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
            "description": "Every event of every business's ledger, as a CloudEvent 1.0 in binary mode. Of one \
                business in the order of positions, at least once; who gets one twice knows it by its id. No personal \
                data: ids and public facts. See docs/guides/subscribing.md.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "nats": {
                "host": "127.0.0.1:4222",
                "protocol": "nats",
                "description": "`daybook doctor --json` tells the address, with its credentials.",
                "security": [{ "$ref": "#/components/securitySchemes/password" }],
            },
        },
        "channels": {
            "events": {
                "address": "daybook.{business_id}.{stream}.{event}",
                "title": "The ledger of every business",
                "description": format!("Kept in the JetStream stream `{STREAM}`, whose subjects are `{SUBJECTS}`."),
                "parameters": {
                    "business_id": { "description": "Whose event it is; `*` for all." },
                    "stream": { "description": "What it happened to.", "enum": kinds },
                    "event": { "description": "What happened, as the message is called after its stream." },
                },
                "messages": of_channel,
            },
        },
        "operations": {
            "publish": {
                "action": "send",
                "channel": { "$ref": "#/channels/events" },
                "summary": "Daybook tells what was recorded.",
            },
        },
        "components": {
            "securitySchemes": { "password": { "type": "userPassword" } },
            "messages": messages,
            "schemas": definitions,
        },
    })
}

fn message(kind: &str, event: &str, payload: &Value) -> Value {
    let summary = payload.get("description").cloned().unwrap_or_default();
    json!({
        "name": format!("daybook.{kind}.{event}"),
        "title": format!("{kind} {}", event.replace('_', " ")),
        "summary": summary,
        "contentType": "application/json",
        "headers": { "$ref": "#/components/schemas/Headers" },
        "correlationId": { "location": "$message.payload#/correlation_id" },
        "payload": {
            "allOf": [{ "$ref": "#/components/schemas/Envelope" }],
            "type": "object",
            "properties": {
                "stream": {
                    "type": "object",
                    "properties": { "kind": { "const": kind }, "id": { "type": "string", "format": "uuid" } },
                },
                "type": { "const": event },
                "payload": payload,
            },
        },
    })
}

fn headers() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "description": "The attributes of the CloudEvent, and what JetStream knows a message by.",
        "required": [
            "Nats-Msg-Id", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time",
            "ce-datacontenttype", "ce-daybookposition", "Content-Type",
        ],
        "properties": {
            "Nats-Msg-Id": { "type": "string", "format": "uuid", "description": "The event's id." },
            "ce-specversion": { "const": "1.0" },
            "ce-id": { "type": "string", "format": "uuid", "description": "The event's id: the same event is the same id." },
            "ce-source": text("Whose event it is: `urn:uuid:` and the business's id."),
            "ce-type": text("`daybook.` and the message's name."),
            "ce-subject": text("What it happened to: `booking/` and its id."),
            "ce-time": { "type": "string", "format": "date-time", "description": "When it happened." },
            "ce-datacontenttype": { "const": "application/json" },
            "ce-daybookposition": text("The event's place in the ledger of its business: 1, 2, 3 … without a gap."),
            "Content-Type": { "const": "application/json" },
        },
    })
}

fn envelope() -> Value {
    let uuid = |description: &str| json!({ "type": "string", "format": "uuid", "description": description });
    let time = |description: &str| json!({ "type": "string", "format": "date-time", "description": description });
    let number =
        |description: &str| json!({ "type": "integer", "minimum": 1, "description": description });
    json!({
        "type": "object",
        "description": "What every message tells beside what happened.",
        "required": [
            "business_id", "position", "event_id", "stream", "type", "version", "event_version", "recorded_at",
            "occurred_at", "payload", "actor", "source", "command_id", "correlation_id", "causation_id",
        ],
        "properties": {
            "business_id": uuid("Whose event it is."),
            "position": number("Its place in the ledger of that business: 1, 2, 3 … without a gap."),
            "event_id": uuid("Its own id, everywhere and for ever."),
            "stream": {
                "type": "object",
                "description": "What it happened to.",
                "required": ["kind", "id"],
                "properties": { "kind": { "type": "string" }, "id": { "type": "string", "format": "uuid" } },
            },
            "type": { "type": "string", "description": "What happened." },
            "version": number("Its place in its stream: 1, 2, 3 … without a gap."),
            "event_version": { "type": "string", "description": "The version of the payload's format (semver)." },
            "recorded_at": time("When it was written down; never runs backwards within a business."),
            "occurred_at": time("When it happened: earlier for history from another system."),
            "payload": { "type": "object", "description": "What happened, without what is personal." },
            "actor": {
                "type": "object",
                "description": "Who did it. Ids only.",
                "required": ["kind", "id", "role"],
                "properties": {
                    "kind": { "enum": ["user", "api_key", "client", "import", "system"] },
                    "id": { "type": ["string", "null"], "format": "uuid" },
                    "role": { "type": ["string", "null"] },
                },
            },
            "source": { "type": "string", "description": "The door through which it came: panel, public_page, api, import, system." },
            "command_id": uuid("The command that it is an event of."),
            "correlation_id": uuid("What all commands of one undertaking share."),
            "causation_id": { "type": ["string", "null"], "format": "uuid", "description": "The event or command that led to it." },
        },
    })
}

#[cfg(test)]
mod specs;
