// StoaModels
