namespace StreamUsage.Soak.Scripts;

/// <summary>A Chat Completions stream of one or more choices: complete with the last finish reason, its usage in a
/// chunk of its own after that, and <c>[DONE]</c>.</summary>
internal static class ChatAnswer
{
    private static readonly (string Error, int Status)[] Errors =
    [
        ("""{"message":"as the script has it","type":"server_error","code":503}""", 503),
        ("""{"message":"as the script has it","type":"insufficient_quota"}""", 429),
        ("""{"message":"as the script has it","type":"server_error","code":null}""", 502),
    ];

    public static Script Create(Random random, bool hasError)
    {
        var writer = new ScriptWriter(random);
        int errorAt = hasError ? random.Next(-1, 12) : int.MaxValue;
        if (errorAt < 0)
        {
            return EndWithError(writer, random);
        }

        string envelope = $$"""{"id":"chatcmpl-{{random.Next()}}","object":"chat.completion.chunk","created":1770933892"""
            + ""","model":"gpt-example-1","choices":[""";
        int choices = random.Next(5) == 0 ? random.Next(2, 4) : 1;
        for (int choice = 0; choice < choices; choice++)
        {
            writer.Write(
                null, $$$"""{{{envelope}}}{"index":{{{choice}}},"delta":{"role":"assistant","content":""},"finish_reason":null}]}""");
        }

        int deltas = random.Next(1, 30);
        bool reasons = random.Next(4) == 0;
        for (int i = 0; i < deltas; i++)
        {
            if (i == errorAt)
            {
                return EndWithError(writer, random);
            }

            string property = reasons && i < deltas / 2 ? "reasoning_content" : "content";
            writer.WriteOutput(null, $$$"""{{{envelope}}}{"index":{{{random.Next(choices)}}},"delta":{"{{{property}}}":""",
                writer.NextText(), """},"finish_reason":null}]}""");
            if (random.Next(30) == 0)
            {
                writer.WriteComment();
            }
        }

        if (hasError)
        {
            return EndWithError(writer, random);
        }

        for (int choice = 0; choice < choices; choice++)
        {
            bool isLast = choice == choices - 1;
            writer.Write(null, $$$"""{{{envelope}}}{"index":{{{choice}}},"delta":{},"finish_reason":"stop"}]}""",
                known => known with { IsComplete = isLast });
        }

        if (random.Next(6) != 0)
        {
            long cached = random.Next(0, 2_000),
                input = cached + random.Next(1, 4_000), reasoning = random.Next(0, 300), output = reasoning + random.Next(1, 3_000);
            bool hasDetails = random.Next(3) != 0;
            string details = hasDetails ? $$$""","prompt_tokens_details":{"cached_tokens":{{{cached}}}},"completion_tokens_details":"""
                + $$$"""{"reasoning_tokens":{{{reasoning}}}}""" : "";
            var usage = new TokenUsage
            {
                InputTokens = hasDetails ? input - cached : input,
                CacheReadInputTokens = hasDetails ? cached : 0,
                OutputTokens = output,
                ReasoningTokens = hasDetails ? reasoning : null,
            };
            writer.Write(
                null,
                $$$"""{{{envelope}}}],"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}},"total_tokens":"""
                    + $$$"""{{{input + output}}}{{{details}}}}}""",
                known => known with { Usage = usage, IsInputReported = true, IsOutputReported = true });
        }

        writer.Write(null, "[DONE]", known => known with { IsComplete = true });
        return writer.ToScript("openai-chat", ApiFormat.OpenAI);
    }

    private static Script EndWithError(ScriptWriter writer, Random random)
    {
        (string error, int status) = Errors[random.Next(Errors.Length)];
        writer.Write(null, $$"""{"error":{{error}}}""", known => known with { ErrorStatus = status });
        if (random.Next(2) == 0)
        {
            writer.Write(null, "[DONE]", known => known with { IsComplete = true });
        }

        return writer.ToScript("openai-chat", ApiFormat.OpenAI);
    }
}
