import Testing

@testable import StoaConversion

@Suite struct FrontMatterTests {
  @Test("Texts and lists of texts are read, everything else is skipped") func reading() {
    let card = FrontMatter(
      text: """
        ---
        license: "mit" # a comment
        library_name: 'transformers'
        name: plain text # comment
        tags:
          - one
          - two: no text
          - "three"
        languages: [en, "de", ]
        empty:
        nothing: null
        model-index:
        - name: hidden
          value: 3
        url: https://example.org/x#y
        text: |
          block
        -- - odd
        ---
        after: the end
        """)
    #expect(card.text("license") == "mit")
    #expect(card.text("library_name") == "transformers")
    #expect(card.text("name") == "plain text")
    #expect(card.list("tags") == ["one", "three"])
    #expect(card.list("languages") == ["en", "de"])
    #expect(card.text("url") == "https://example.org/x#y")
    #expect(card.text("nothing") == nil && card.text("empty") == nil && card.text("text") == nil)
    #expect(card.text("after") == nil && card.text("value") == nil)
  }

  @Test("What is no card has no values", arguments: ["", "---", "# Title", "\n---\na: b\n---", "---\n---\na: b"])
  func nothing(text: String) { #expect(FrontMatter(text: text).values.isEmpty) }

  @Test("Sizes have two digits", arguments: [(260_000, "260K"), (1_100_048_384, "1.1B"), (7_241_732_096, "7.2B")])
  func sizes(parameters: Int, label: String) { #expect(GeneralMetadata.sizeLabel(parameters) == label) }
}
