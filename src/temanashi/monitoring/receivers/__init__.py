"""Who hears of alerts: one file a sort of receiver. Each makes a message of an event, and sends one."""
