//! Mail that the service itself sends: invitations, links to a new password, codes. Plain text, in the language of who
//! gets it, one letter for one person.
//!
//! For now letters are laid into a folder, one `*.eml` file each, from which whatever sends mail here takes them.
//! Nothing is queued: whoever waits for a letter that was lost asks for another one, and what must not get lost is told
//! in the answer, too.

use std::{
    io,
    path::{Path, PathBuf},
};

use domain::contact::Email;
use lettre::{
    AsyncFileTransport, AsyncTransport as _, Message as Mail, Tokio1Executor,
    message::{Mailbox, SinglePart},
};
use metrics::counter;
use thiserror::Error;
use tokio::fs::DirBuilder;

use crate::{
    app::App,
    texts::{Message, Speech},
};

/// A letter to one person.
#[derive(Clone)]
pub(crate) struct Letter {
    /// Who gets it.
    pub(crate) to: Email,
    /// In whose name it is written: what the business is called.
    pub(crate) from: String,
    /// In which language.
    pub(crate) speech: Speech,
    /// What it is about; its id begins with `mail-`.
    pub(crate) subject: Message,
    /// What it says, one paragraph each.
    pub(crate) paragraphs: Vec<Message>,
}

/// Why a letter was not sent. Never tells to whom.
#[derive(Debug, Error)]
pub(crate) enum MailError {
    /// The address of the sender or the recipient is none that mail knows.
    #[error("the address is none that mail knows")]
    Address(#[from] lettre::address::AddressError),
    /// It cannot be put together.
    #[error("the letter cannot be put together")]
    Letter(#[from] lettre::error::Error),
    /// The folder does not take it.
    #[error("the folder of mail does not take it")]
    Folder(#[from] lettre::transport::file::Error),
    /// The folder cannot be made.
    #[error("the folder of mail cannot be made")]
    NoFolder(#[from] io::Error),
}

/// Sends letters.
pub(crate) struct Mailer {
    folder: Option<PathBuf>,
    sender: String,
}

impl Mailer {
    /// Lays letters into this folder, which is made with the first one, for our user's eyes only. None: they are
    /// counted and gone. `public_address` is where people reach the service.
    pub(crate) fn new(folder: Option<&Path>, public_address: &str) -> Self {
        Self {
            folder: folder.map(Path::to_owned),
            sender: format!("no-reply@{}", mail_domain(public_address)),
        }
    }

    async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let mail = self.written(letter)?;
        let mut making = DirBuilder::new();
        making.recursive(true).mode(0o700).create(folder).await?;
        AsyncFileTransport::<Tokio1Executor>::new(folder)
            .send(mail)
            .await?;
        Ok(())
    }

    fn written(&self, letter: &Letter) -> Result<Mail, MailError> {
        let said: Vec<_> = letter
            .paragraphs
            .iter()
            .map(|paragraph| paragraph.say(letter.speech))
            .collect();
        Ok(Mail::builder()
            .from(Mailbox::new(
                Some(letter.from.clone()),
                self.sender.parse()?,
            ))
            .to(Mailbox::new(None, letter.to.as_str().parse()?))
            .subject(letter.subject.say(letter.speech))
            .singlepart(SinglePart::plain(said.join("\n\n") + "\n"))?)
    }
}

/// The host of an address. A number is no domain of a sender.
fn mail_domain(address: &str) -> &str {
    let host = address
        .split_once("://")
        .map_or(address, |(_, rest)| rest)
        .split(['/', ':'])
        .next()
        .unwrap_or_default();
    let is_name = host.chars().any(|c| c.is_ascii_alphabetic()) && !host.starts_with('[');
    if is_name { host } else { "localhost" }
}

impl App {
    /// Sends a letter, while the request goes on: how long that takes tells nobody whether there was one.
    pub(crate) fn post(&self, letter: Letter) {
        let app = self.clone();
        tokio::spawn(async move {
            let sent = app.mailer().send(&letter).await;
            let result = if sent.is_ok() { "sent" } else { "failed" };
            counter!("mails_total", "result" => result).increment(1);
            if let Err(error) = sent {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a letter could not be sent"
                );
            }
        });
    }

    /// A link that people follow: `place` below the address at which they reach the service. A secret in it stands
    /// behind `#`, which browsers keep from servers and their logs.
    pub(crate) fn link(&self, place: &str, secret: &str) -> String {
        let address = self.settings().public_address.trim_end_matches('/');
        format!("{address}/{place}#{secret}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            to: Email::parse("zofia@example.org").unwrap(),
            from: "Salon Łąka".to_owned(),
            speech: Speech::Pl,
            subject: Message::new("mail-reset-subject"),
            paragraphs: vec![
                Message::new("mail-reset-body")
                    .with("businesses", "Salon Łąka")
                    .with("link", "https://book.example/password#abc"),
                Message::new("mail-reset-ignore"),
            ],
        }
    }

    #[test]
    fn a_sender_is_at_the_services_own_name() {
        assert_eq!(mail_domain("https://book.example:8443/x"), "book.example");
        assert_eq!(mail_domain("http://localhost:8080"), "localhost");
        assert_eq!(mail_domain("http://127.0.0.1:8080"), "localhost");
        assert_eq!(mail_domain("http://[::1]:8080"), "localhost");
    }

    #[tokio::test]
    async fn a_letter_lies_in_the_folder_for_our_eyes_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("data/mail");
        let mailer = Mailer::new(Some(&folder), "https://book.example");
        mailer.send(&letter()).await.unwrap();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert_eq!(files.len(), 1);
        let path = files[0].as_ref().unwrap().path();
        assert_eq!(path.extension().unwrap(), "eml");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("To: zofia@example.org"), "{text}");
        assert!(text.contains("<no-reply@book.example>"), "{text}");
        assert!(!text.contains("Subject: mail-reset"), "{text}");
    }

    #[tokio::test]
    async fn without_a_folder_nothing_is_kept() {
        let mailer = Mailer::new(None, "http://localhost");
        mailer.send(&letter()).await.unwrap();
    }
}
