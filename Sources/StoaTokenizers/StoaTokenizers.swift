// StoaTokenizers
