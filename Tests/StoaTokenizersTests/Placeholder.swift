import Testing

@testable import StoaTokenizers
