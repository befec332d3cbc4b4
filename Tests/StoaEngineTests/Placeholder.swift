import Testing

@testable import StoaEngine
