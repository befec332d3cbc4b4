// StoaTemplates
