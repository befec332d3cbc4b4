import Testing

@testable import StoaCommands
