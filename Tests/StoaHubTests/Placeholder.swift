import Testing

@testable import StoaHub
