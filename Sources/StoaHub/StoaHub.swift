// StoaHub
