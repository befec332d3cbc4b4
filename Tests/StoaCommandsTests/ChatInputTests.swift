import StoaEngine
import StoaFormats
import StoaTemplates
import Testing

@testable import StoaCommands

@Suite struct ChatInputTests {
  @Test(arguments: [
    ("", ChatInput.nothing), (" \n\t", .nothing), ("hello", .message("hello")),
    (" /etc/passwd", .message(" /etc/passwd")),
    ("a /help", .message("a /help")), ("/help", .help), ("/help me", .help), ("/clear ", .clear), ("/retry", .retry),
    ("/stats", .stats), ("/exit", .exit), ("/quit", .exit), ("/bye", .exit), ("/system", .system(nil)),
    ("/system  You are\na fox. ", .system("You are\na fox.")), ("/save a b.md", .save("a b.md")),
    ("/set", .set(name: nil, value: nil)), ("/set top-k  3", .set(name: "top-k", value: "3")),
  ])
  func meaning(_ line: String, _ input: ChatInput) { #expect(ChatInput(line) == input) }

  @Test(arguments: ["/", "/unknown", "/etc/passwd", "/save", "/set temperature", "/set a b c", "/HELP", "/\u{1B}[2J"])
  func mistakesAreExplained(_ line: String) {
    guard case .mistake(let message, let advice) = ChatInput(line) else {
      Issue.record("\(line) was understood")
      return
    }
    #expect(!message.isEmpty && !advice.isEmpty)
    #expect(!message.unicodeScalars.contains("\u{1B}"))
  }

  @Test func everyCommandOfTheHelpIsUnderstood() {
    for (usage, _) in ChatInput.commands {
      let line = usage.replacing("[TEXT]", with: "x").replacing("[NAME VALUE]", with: "seed 1").replacing(
        "FILE", with: "f")
      if case .mistake = ChatInput(line) { Issue.record("\(line) is not understood") }
    }
  }
}

@Suite struct ChatSettingsTests {
  @Test func setsEverySetting() throws {
    var settings = ChatSettings()
    let values = [
      "temperature": "0.5", "top-k": "3", "top-p": "0.9", "min-p": "0.1", "typical-p": "0.8",
      "repetition-penalty": "1.1",
      "presence-penalty": "-0.5", "frequency-penalty": "0.5", "seed": "18446744073709551615", "max-tokens": "7",
    ]
    #expect(Set(values.keys) == Set(ChatSettings.names))
    for (name, value) in values { try settings.set(name, value) }
    for (name, value) in settings.listing { #expect(value == values[name]) }
    #expect(settings.options.sampling.topK == 3)
    #expect(settings.options.sampling.seed == .max)
    try settings.set("seed", "none")
    try settings.set("max-tokens", "none")
    #expect(settings.options.sampling.seed == nil)
    #expect(settings.options.maxTokens == nil)
    try settings.options.sampling.validate()
  }

  @Test(arguments: [
    ("temperature", "-1"), ("temperature", "nan"), ("temperature", "inf"), ("temperature", "warm"), ("top-k", "1.5"),
    ("top-k", "-1"), ("top-k", "1e300"), ("top-p", "0"), ("top-p", "1.1"), ("min-p", "2"), ("seed", "-1"),
    ("seed", "1.5"),
    ("max-tokens", "0"), ("repetition-penalty", "0"), ("unknown", "1"), ("", ""),
  ])
  func refusesNonsense(_ name: String, _ value: String) {
    var settings = ChatSettings()
    let failure = #expect(throws: CommandFailure.self) { try settings.set(name, value) }
    #expect(failure?.status == .usage)
  }
}

@Suite struct ConversationTests {
  private func sample() -> Conversation {
    var conversation = Conversation(system: "S")
    for index in 1...3 {
      conversation.add(user: "u\(index)")
      conversation.add(assistant: "a\(index)")
    }
    return conversation
  }

  @Test func theSystemMessageComesFirst() {
    #expect(sample().messages.map(\.text) == ["S", "u1", "a1", "u2", "a2", "u3", "a3"])
    #expect(sample().messages.first?.role == "system")
  }

  @Test func forgetsTheOldestOrTheLast() {
    var conversation = sample()
    var isShorter = conversation.removeOldestExchange()
    #expect(isShorter)
    #expect(conversation.messages.map(\.text) == ["S", "u2", "a2", "u3", "a3"])
    let last = conversation.removeLastExchange()
    #expect(last == "u3")
    #expect(conversation.messages.map(\.text) == ["S", "u2", "a2"])
    isShorter = conversation.removeOldestExchange()
    #expect(!isShorter)
    conversation.clear()
    let none = conversation.removeLastExchange()
    #expect(none == nil)
    #expect(conversation.messages.map(\.text) == ["S"])
  }

  @Test func isSavedForPeopleAndForPrograms() {
    var conversation = Conversation(system: nil)
    conversation.add(user: "hello\nthere")
    conversation.add(assistant: "hi")
    #expect(
      conversation.markdown(model: "m") == "# Conversation with m\n\n## user\n\nhello\nthere\n\n## assistant\n\nhi\n")
    #expect(
      conversation.json(model: "m").text()
        == #"{"model":"m","messages":[{"role":"user","content":"hello\nthere"},{"role":"assistant","content":"hi"}]}"#)
  }
}
