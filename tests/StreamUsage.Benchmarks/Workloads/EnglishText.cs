namespace StreamUsage.Benchmarks.Workloads;

/// <summary>English prose with a little Markdown, cut as models send it.</summary>
internal static class EnglishText
{
    private static readonly string[] Words =
    [
        "the", "of", "and", "a", "to", "in", "is", "that", "it", "for", "with", "as", "you", "this", "can", "each", "stream", "server",
        "request", "response", "because", "usually",
        "buffer", "returns", "value", "first", "between", "example", "performance", "however", "structure", "consider", "different",
        "important", "implementation", "approximately",
        "river", "mountain", "city", "history", "language", "question", "answer", "reader", "small", "large", "early", "later", "number",
        "people", "naïve", "café", "it’s", "don't",
    ];

    private static readonly string[] Marks =
        [",", ".", ".\n\n", ":", ";", " —", "\n- ", " \"quoted\"", " `code`", "\n\n## ", "?", " (see", ")", " **bold**"];

    /// <summary>About one token.</summary>
    public static string NextToken(Random random)
    {
        int choice = random.Next(100);
        if (choice < 14)
        {
            return Marks[random.Next(Marks.Length)];
        }

        // A word begins with a space, the rest of a longer one does not.
        string word = Words[random.Next(Words.Length)];
        return choice < 30 ? word[(word.Length / 2)..] : " " + word;
    }

    /// <summary>One to eight tokens.</summary>
    public static string NextPhrase(Random random)
    {
        string phrase = "";
        for (int tokens = random.Next(1, 9); tokens > 0; tokens--)
        {
            phrase += NextToken(random);
        }

        return phrase;
    }
}
