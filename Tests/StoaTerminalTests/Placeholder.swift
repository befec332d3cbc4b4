import Testing

@testable import StoaTerminal
