//! The few lines that let an aggregate of ours stand where cqrs-es expects one.
//!
//! Rules never go in here: `decide` says what follows from a command, `remember` what an event leaves behind.

/// Implements `cqrs_es::Aggregate` and `DomainEvent` for an aggregate with `decide` and `remember`.
macro_rules! bridge {
    ($aggregate:ty, $kind:literal, $command:ty, $event:ty, $error:ty) => {
        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                <&'static str>::from(self).to_owned()
            }
            fn event_version(&self) -> String {
                crate::event::VERSION.to_owned()
            }
        }

        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = $kind;
            type Command = $command;
            type Event = $event;
            type Error = $error;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                (): &(),
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in self.decide(command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                self.remember(event);
            }
        }
    };
}
pub(crate) use bridge;
