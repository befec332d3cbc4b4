// StoaEngine
