// StoaFormats
