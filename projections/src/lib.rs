//! What people look at: one module per read model, and the projector that feeds them.
