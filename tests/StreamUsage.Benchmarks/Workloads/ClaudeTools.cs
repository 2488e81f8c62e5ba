namespace StreamUsage.Benchmarks.Workloads;

/// <summary>A Claude answer that writes files by tool calls: a line of text, then the call's arguments as JSON within
/// JSON, full of escaped quotes.</summary>
internal static class ClaudeTools
{
    private const int DeltasOfText = 12, DeltasOfArguments = 240;

    public static Workload Create(string name, int events)
    {
        var random = new Random(4002);
        var stream = new EventStreamWriter();
        long characters = 0;
        ClaudeEvents.WriteStart(stream, random);
        for (int block = 0; stream.EventCount < events - 3; block++)
        {
            bool isText = block % 2 == 0;
            stream.Write("content_block_start", Start(random, block, isText));
            for (int delta = isText ? DeltasOfText : DeltasOfArguments; delta > 0 && stream.EventCount < events - 3; delta--)
            {
                string text = isText ? EnglishText.NextPhrase(random) : NextArguments(random);
                characters += text.Length;
                ClaudeEvents.WriteDelta(
                    stream, random, block, isText ? "text_delta" : "input_json_delta", isText ? "text" : "partial_json", text);
            }

            stream.Write("content_block_stop", $$"""{"type":"content_block_stop","index":{{block}} }""");
        }

        while (stream.EventCount < events - 2)
        {
            stream.Write("ping", """{"type": "ping"}""");
        }

        ClaudeEvents.WriteEnd(stream, "tool_use");
        return new Workload(name, Protocol.Claude, stream, ClaudeEvents.Totals(characters));
    }

    private static string Start(Random random, int index, bool isText) => isText
        ? $$$"""{"type":"content_block_start","index":{{{index}}},"content_block":{"type":"text","text":""}}"""
        : $$$"""{"type":"content_block_start","index":{{{index}}},"content_block":"""
            + $$$"""{"type":"tool_use","id":"toolu_01{{{RandomText.Next(random, 22)}}}","name":"write_file","input":{} }}""";

    // A piece of {"path": "…", "lines": ["…", …]} as it comes: most pieces hold a quote or a line end, and now and then
    // an escaped one.
    private static string NextArguments(Random random) => random.Next(6) switch
    {
        0 => "\", \"",
        1 => "\"" + EnglishText.NextToken(random).Trim(),
        2 => "\": [\"",
        3 => EnglishText.NextPhrase(random) + "\\n",
        4 => "\\\"" + EnglishText.NextToken(random) + "\\\"",
        _ => EnglishText.NextPhrase(random),
    };
}
