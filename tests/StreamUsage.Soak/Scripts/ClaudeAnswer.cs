namespace StreamUsage.Soak.Scripts;

/// <summary>A Claude Messages stream: input at the start, a placeholder for output, cumulative usage towards the end,
/// and <c>message_stop</c>, which alone completes it.</summary>
internal static class ClaudeAnswer
{
    private static readonly (string Type, int Status)[] Errors =
        [("overloaded_error", 529),
            ("rate_limit_error", 429), ("api_error", 500), ("invalid_request_error", 400), ("something_new_error", 502)];

    public static Script Create(Random random, bool hasError)
    {
        var writer = new ScriptWriter(random);
        int errorAt = hasError ? random.Next(-1, 12) : int.MaxValue;
        if (errorAt < 0)
        {
            WriteError(writer, random);
            return writer.ToScript("anthropic-messages", ApiFormat.Claude);
        }

        long input = random.Next(1, 5_000), read = random.Next(0, 3) * random.Next(20_000),
            fiveMinutes = random.Next(0, 2) * random.Next(3_000), hour = random.Next(0, 2) * random.Next(900);
        int placeholder = random.Next(1, 9);
        var usage = new TokenUsage
        {
            InputTokens = input,
            CacheReadInputTokens = read,
            CacheCreationInputTokens = fiveMinutes + hour,
            CacheCreation5mInputTokens = fiveMinutes,
            CacheCreation1hInputTokens = hour,
            OutputTokens = placeholder,
        };
        writer.Write(
            "message_start",
            """{"type":"message_start","message":"""
                + $$$$"""{"id":"msg_{{{{random.Next()}}}}","type":"message","role":"assistant","model":"claude-example-1","content":[]"""
                + $$$$""","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":{{{{input}}}},"cache_creation_input_tokens":"""
                + $$$$"""{{{{fiveMinutes + hour}}}},"cache_read_input_tokens":{{{{read}}}},"cache_creation":{"ephemeral_5m_input_tokens":"""
                + $$$$"""{{{{fiveMinutes}}}},"ephemeral_1h_input_tokens":{{{{hour}}}}},"output_tokens":{{{{placeholder}}}}"""
                + ""","service_tier":"standard"}}}""",
            known => known with { Usage = usage, IsInputReported = true });
        int written = 0;
        int blocks = random.Next(1, 4);
        for (int block = 0; block < blocks; block++)
        {
            (string start, string delta, string property) = random.Next(4) switch
            {
                0 => ("""{"type":"thinking","thinking":"","signature":""}""", "thinking_delta", "thinking"),
                1 => ("""{"type":"tool_use","id":"toolu_1","name":"look_up","input":{}}""", "input_json_delta", "partial_json"),
                _ => ("""{"type":"text","text":""}""", "text_delta", "text"),
            };
            bool isTool = property == "partial_json";
            writer.Write("content_block_start", $$"""{"type":"content_block_start","index":{{block}},"content_block":{{start}}}""",
                known => known with { HasOutput = known.HasOutput || isTool });
            int deltas = random.Next(1, 14);
            for (int i = 0; i < deltas; i++)
            {
                if (written++ == errorAt)
                {
                    WriteError(writer, random);
                    if (random.Next(2) == 0)
                    {
                        return writer.ToScript("anthropic-messages", ApiFormat.Claude);
                    }
                }

                writer.WriteOutput("content_block_delta", """{"type":"content_block_delta","index":"""
                    + $$"""{{block}},"delta":{"type":"{{delta}}","{{property}}":""", writer.NextText(), "}}");
                if (random.Next(20) == 0)
                {
                    writer.Write("ping", """{"type":"ping"}""");
                }
            }

            writer.Write("content_block_stop", $$"""{"type":"content_block_stop","index":{{block}}}""");
        }

        long output = random.Next(2, 4_000); // A zero beside text is not believed.
        if (random.Next(4) == 0)
        {
            // Cumulative: what comes later replaces it, and is never added to it.
            long sofar = output / 2;
            writer.Write("message_delta", $$$"""{"type":"message_delta","delta":{},"usage":{"output_tokens":{{{sofar}}}}}""",
                known => known with { Usage = known.Usage with { OutputTokens = sofar }, IsOutputReported = true });
        }

        bool repeatsInput = random.Next(2) == 0;
        long lastInput = repeatsInput ? input + random.Next(0, 50) : input;
        string inputAgain = repeatsInput ? $"\"input_tokens\":{lastInput},\"cache_read_input_tokens\":{read}," : "";
        writer.Write(
            "message_delta",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":"""
                + $$$"""{{{{inputAgain}}}"output_tokens":{{{output}}}}}""",
            known => known with { Usage = known.Usage with { InputTokens = lastInput, OutputTokens = output }, IsOutputReported = true });
        if (hasError && written <= errorAt)
        {
            WriteError(writer, random);
        }

        writer.Write("message_stop", """{"type":"message_stop"}""", known => known with { IsComplete = true });
        return writer.ToScript("anthropic-messages", ApiFormat.Claude);
    }

    private static void WriteError(ScriptWriter writer, Random random)
    {
        (string type, int status) = Errors[random.Next(Errors.Length)];
        writer.Write("error", $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"as the script has it"}}""",
            known => known with { ErrorStatus = status });
    }
}
