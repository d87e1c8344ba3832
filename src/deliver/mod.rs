//! Deliver: notification → outcome. `message` renders, transports send.
