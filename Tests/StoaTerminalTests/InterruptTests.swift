import Testing

@testable import StoaTerminal

@Suite struct InterruptTests {
  @Test func endsTheProgramOnlyWhenNobodyListensOrAfterInsisting() {
    #expect(Interrupts.interrupt())
    Interrupts.listen {
      #expect(!Interrupts.requested)
      #expect(!Interrupts.interrupt())
      #expect(Interrupts.requested)
      #expect(!Interrupts.interrupt())
      #expect(Interrupts.interrupt())
    }
    Interrupts.listen { #expect(!Interrupts.requested) }
  }
}
