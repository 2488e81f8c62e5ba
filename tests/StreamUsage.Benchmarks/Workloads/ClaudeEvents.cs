namespace StreamUsage.Benchmarks.Workloads;

/// <summary>The events that every Claude stream has.</summary>
internal static class ClaudeEvents
{
    private const long Input = 2_411, CacheRead = 18_432, CacheCreation = 1_024, Output = 7_903;

    public static Totals Totals(long characters) => new(Input, CacheRead, CacheCreation, Output, characters);

    public static void WriteStart(EventStreamWriter stream, Random random) => stream.Write(
        "message_start",
        """{"type":"message_start","message":{"model":"claude-sonnet-4-6","""
            + $"\"id\":\"msg_01{RandomText.Next(random, 22)}\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],"
            + "\"stop_reason\":null"
            + $$$""","stop_sequence":null,"stop_details":null,"usage":{"input_tokens":{{{Input}}},"cache_creation_input_tokens":"""
            + $$$"""{{{CacheCreation}}},"cache_read_input_tokens":{{{CacheRead}}},"cache_creation":{"ephemeral_5m_input_tokens":"""
            + $$$"""{{{CacheCreation}}},"ephemeral_1h_input_tokens":0},"output_tokens":4"""
            + ""","service_tier":"standard","inference_geo":"global"}} }""");

    public static void WriteDelta(EventStreamWriter stream, Random random, int index, string type, string property, string text)
    {
        string padding = new(' ', Math.Max(0, random.Next(-6, 16)));
        stream.Write("content_block_delta", """{"type":"content_block_delta","index":"""
            + $$"""{{index}},"delta":{"type":"{{type}}","{{property}}":"{{EventStreamWriter.Escape(text)}}"}{{padding}}}""");
    }

    public static void WriteEnd(EventStreamWriter stream, string stopReason)
    {
        stream.Write(
            "message_delta",
            $$$"""{"type":"message_delta","delta":{"stop_reason":"{{{stopReason}}}","stop_sequence":null,"stop_details":null},"usage":"""
                + $$$"""{"input_tokens":{{{Input}}},"cache_creation_input_tokens":{{{CacheCreation}}},"cache_read_input_tokens":"""
                + $$$"""{{{CacheRead}}},"output_tokens":{{{Output}}},"output_tokens_details":{"thinking_tokens":0}}  }""");
        stream.Write("message_stop", """{"type":"message_stop"     }""");
    }
}
