namespace StreamUsage.Benchmarks.Workloads;

/// <summary>A Claude answer of one block of text. Events are padded with spaces before the last brace, as the server
/// does to hide the lengths of what it writes.</summary>
internal static class ClaudeText
{
    public static Workload Create(string name, Func<Random, string> nextText, int events)
    {
        var random = new Random(4001);
        var stream = new EventStreamWriter();
        long characters = 0;
        ClaudeEvents.WriteStart(stream, random);
        stream.Write("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
        stream.Write("ping", """{"type": "ping"}""");
        while (stream.EventCount < events - 3)
        {
            string text = nextText(random);
            characters += text.Length;
            ClaudeEvents.WriteDelta(stream, random, 0, "text_delta", "text", text);
        }

        stream.Write("content_block_stop", """{"type":"content_block_stop","index":0}""");
        ClaudeEvents.WriteEnd(stream, "end_turn");
        return new Workload(name, Protocol.Claude, stream, ClaudeEvents.Totals(characters));
    }
}
