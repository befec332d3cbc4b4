// StoaTerminal
