import Testing

@testable import StoaTemplates
