//! A campaign: one message to a whole segment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use thiserror::Error;

use crate::{
    bridge::bridge,
    change::Change,
    contact::Language,
    id::Id,
    notification::Channel,
    sealed::Sealed,
    segment::Segment,
    text::{FreeText, Label},
};

/// What can have happened to a campaign. What it says is sealed under a key of the campaign's own: it may name anybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CampaignEvent {
    /// It was thought up.
    Drafted(Box<Draft>),
    /// It is to be otherwise.
    Changed(Box<DraftChanged>),
    /// It goes out. To whom, its notifications say.
    Launched {
        /// When.
        at: Timestamp,
        /// How many clients the segment held.
        clients: u32,
    },
    /// All of it went out.
    Finished {
        /// When.
        at: Timestamp,
    },
    /// What has not gone out will not.
    Stopped {
        /// When.
        at: Timestamp,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed<FreeText>>,
    },
}

/// What a campaign is to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Draft {
    /// What the house calls it.
    pub name: Label,
    /// To whom it goes.
    pub segment_id: Id<Segment>,
    /// Over what: the first one over which a client can be reached.
    pub channels: Vec<Channel>,
    /// What it says.
    pub template: Sealed<Template>,
    /// When it is to go out; none: once it is launched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
}

/// What of it changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DraftChanged {
    /// What the house calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Change<Label>>,
    /// To whom it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<Change<Id<Segment>>>,
    /// Over what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Change<Vec<Channel>>>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Change<Sealed<Template>>>,
    /// When it is to go out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Change<Option<Timestamp>>>,
}

/// What a campaign says, by language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The words, with their place-holders.
    pub texts: BTreeMap<Language, Wording>,
}

/// What a message says in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// The subject, where the channel has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Label>,
    /// The text.
    pub text: FreeText,
}

/// What may be asked of a campaign.
#[derive(Debug, Clone, PartialEq)]
pub enum CampaignCommand {
    /// Think it up.
    Draft(Box<Draft>),
    /// Have it otherwise; none: as it is. To find out what differs, its template must be open.
    Change(Box<DraftWanted>),
    /// Send it out.
    Launch {
        /// When.
        at: Timestamp,
        /// How many clients the segment holds.
        clients: u32,
    },
    /// Note that all of it went out.
    Finish(Timestamp),
    /// Send no more of it.
    Stop {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Sealed<FreeText>>,
    },
}

/// What is to be; none: as it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is told in `Draft`")]
pub struct DraftWanted {
    pub name: Option<Label>,
    pub segment_id: Option<Id<Segment>>,
    pub channels: Option<Vec<Channel>>,
    pub template: Option<Sealed<Template>>,
    pub send_at: Option<Option<Timestamp>>,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CampaignError {
    /// There is no such campaign.
    #[error("there is no such campaign")]
    NotDrafted,
    /// It was thought up before.
    #[error("the campaign exists already")]
    AlreadyDrafted,
    /// It goes over no channel, or over one twice.
    #[error("each channel once, and at least one")]
    Channels,
    /// It was launched already.
    #[error("the campaign was launched already")]
    Launched,
    /// It was not launched.
    #[error("the campaign was not launched")]
    NotLaunched,
    /// It has ended.
    #[error("the campaign has ended")]
    Ended,
}

/// A campaign as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// None until it is drafted.
    pub draft: Option<Draft>,
    /// How far it came.
    pub stage: Stage,
}

/// How far a campaign came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    /// It is thought about.
    #[default]
    Drafted,
    /// It goes out.
    Launched,
    /// All of it went out.
    Finished,
    /// It was stopped.
    Stopped,
}

impl Stage {
    /// The word for it in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Campaign {
    /// What follows from a command.
    ///
    /// # Errors
    /// The reason why nothing does.
    pub fn decide(&self, command: CampaignCommand) -> Result<Vec<CampaignEvent>, CampaignError> {
        match command {
            CampaignCommand::Draft(draft) => self.think_up(draft),
            CampaignCommand::Change(to) => self.change(&to),
            CampaignCommand::Launch { at, clients } => match self.stage()? {
                Stage::Drafted => Ok(vec![CampaignEvent::Launched { at, clients }]),
                Stage::Launched | Stage::Finished => Err(CampaignError::Launched),
                Stage::Stopped => Err(CampaignError::Ended),
            },
            CampaignCommand::Finish(at) => match self.stage()? {
                Stage::Drafted => Err(CampaignError::NotLaunched),
                Stage::Launched => Ok(vec![CampaignEvent::Finished { at }]),
                Stage::Finished => Ok(vec![]),
                Stage::Stopped => Err(CampaignError::Ended),
            },
            CampaignCommand::Stop { at, reason } => match self.stage()? {
                Stage::Drafted | Stage::Launched => Ok(vec![CampaignEvent::Stopped { at, reason }]),
                Stage::Finished => Err(CampaignError::Ended),
                Stage::Stopped => Ok(vec![]),
            },
        }
    }

    fn stage(&self) -> Result<Stage, CampaignError> {
        self.draft.as_ref().ok_or(CampaignError::NotDrafted)?;
        Ok(self.stage)
    }

    fn think_up(&self, draft: Box<Draft>) -> Result<Vec<CampaignEvent>, CampaignError> {
        if self.draft.is_some() {
            return Err(CampaignError::AlreadyDrafted);
        }
        each_once(&draft.channels)?;
        Ok(vec![CampaignEvent::Drafted(draft)])
    }

    fn change(&self, to: &DraftWanted) -> Result<Vec<CampaignEvent>, CampaignError> {
        let now = self.draft.as_ref().ok_or(CampaignError::NotDrafted)?;
        match self.stage {
            Stage::Drafted => {}
            Stage::Launched => return Err(CampaignError::Launched),
            Stage::Finished | Stage::Stopped => return Err(CampaignError::Ended),
        }
        if let Some(channels) = &to.channels {
            each_once(channels)?;
        }
        let changed = DraftChanged {
            name: Change::asked(&now.name, to.name.as_ref()),
            segment_id: Change::asked(&now.segment_id, to.segment_id.as_ref()),
            channels: Change::asked(&now.channels, to.channels.as_ref()),
            template: Change::asked(&now.template, to.template.as_ref()),
            send_at: Change::asked(&now.send_at, to.send_at.as_ref()),
        };
        Ok(if changed == DraftChanged::default() {
            vec![]
        } else {
            vec![CampaignEvent::Changed(Box::new(changed))]
        })
    }

    fn remember(&mut self, event: CampaignEvent) {
        match event {
            CampaignEvent::Drafted(draft) => self.draft = Some(*draft),
            CampaignEvent::Changed(changed) => {
                if let Some(draft) = &mut self.draft {
                    Change::put(changed.name.as_ref(), &mut draft.name);
                    Change::put(changed.segment_id.as_ref(), &mut draft.segment_id);
                    Change::put(changed.channels.as_ref(), &mut draft.channels);
                    Change::put(changed.template.as_ref(), &mut draft.template);
                    Change::put(changed.send_at.as_ref(), &mut draft.send_at);
                }
            }
            CampaignEvent::Launched { .. } => self.stage = Stage::Launched,
            CampaignEvent::Finished { .. } => self.stage = Stage::Finished,
            CampaignEvent::Stopped { .. } => self.stage = Stage::Stopped,
        }
    }
}

fn each_once(channels: &[Channel]) -> Result<(), CampaignError> {
    let mut sorted = channels.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() || sorted.len() < channels.len() {
        return Err(CampaignError::Channels);
    }
    Ok(())
}

bridge!(
    Campaign,
    "campaign",
    CampaignCommand,
    CampaignEvent,
    CampaignError
);

#[cfg(test)]
mod specs;
