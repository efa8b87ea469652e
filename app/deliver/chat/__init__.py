"""Chat services and webhooks: one module each, with what is its own: how a message is written."""
