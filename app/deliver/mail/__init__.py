"""Mail: how a message is made (message), how it is handed over (smtp), and the channel itself."""
