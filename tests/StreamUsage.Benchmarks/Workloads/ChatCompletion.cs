namespace StreamUsage.Benchmarks.Workloads;

/// <summary>A Chat Completions answer, a token a chunk, every chunk with the whole envelope and padding against guesses
/// from its length.</summary>
internal static class ChatCompletion
{
    public static Workload Create(string name, int events)
    {
        var random = new Random(4003);
        var stream = new EventStreamWriter();
        long characters = 0;
        string envelope = $$"""{"id":"chatcmpl-D8{{RandomText.Next(random, 27)}}","object":"chat.completion.chunk","created":1770933892"""
            + ""","model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_"""
            + $$"""{{RandomText.NextHex(random, 10)}}","choices":[""";
        void WriteChoice(string delta, string finishReason) =>
            stream.Write(null, $$"""{{envelope}}{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{finishReason}}}]"""
                + $$""","usage":null,"obfuscation":"{{RandomText.Next(random, random.Next(1, 12))}}"}""");

        WriteChoice("""{"role":"assistant","content":"","refusal":null}""", "null");
        while (stream.EventCount < events - 3)
        {
            string text = EnglishText.NextToken(random);
            characters += text.Length;
            WriteChoice($$"""{"content":"{{EventStreamWriter.Escape(text)}}"}""", "null");
        }

        WriteChoice("{}", "\"stop\"");
        stream.Write(null, envelope + """],"usage":{"prompt_tokens":1216,"completion_tokens":1996,"total_tokens":3212"""
            + ""","prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0"""
            + ""","audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"obfuscation":"h9RiQLL"}""");
        stream.Write(null, "[DONE]");
        return new Workload(name, Protocol.Chat, stream, new Totals(192, 1_024, 0, 1_996, characters));
    }
}
