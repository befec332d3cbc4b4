// StoaCommands
