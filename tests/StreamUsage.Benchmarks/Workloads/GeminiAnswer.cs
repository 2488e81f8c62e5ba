namespace StreamUsage.Benchmarks.Workloads;

/// <summary>A Gemini answer of phrases, every chunk with the usage so far: the state changes with each.</summary>
internal static class GeminiAnswer
{
    private const long Prompt = 1_216, Cached = 1_024, Thoughts = 412;

    public static Workload Create(string name, int events)
    {
        var random = new Random(4005);
        var stream = new EventStreamWriter();
        string id = RandomText.Next(random, 23);
        long characters = 0, output = 0;
        for (int i = 1; i <= events; i++)
        {
            string text = EnglishText.NextPhrase(random);
            characters += text.Length;
            output += random.Next(1, 9);
            string finish = i == events ? "\"finishReason\": \"STOP\"," : "";
            stream.Write(
                null,
                $$$"""{"candidates": [{"content": {"parts": [{"text": "{{{EventStreamWriter.Escape(text)}}}"}],"role": "model"},"""
                    + $$$"""{{{finish}}}"index": 0}],"usageMetadata": {"promptTokenCount": {{{Prompt}}}"""
                    + $$$""","cachedContentTokenCount": {{{Cached}}},"candidatesTokenCount": {{{output}}}"""
                    + $$$""","totalTokenCount": {{{Prompt + Thoughts + output}}}"""
                    + $$$""","promptTokensDetails": [{"modality": "TEXT","tokenCount": {{{Prompt}}}}]"""
                    + $$$""","thoughtsTokenCount": {{{Thoughts}}}},"modelVersion": "gemini-2.5-flash","responseId": "{{{id}}}"}""");
        }

        return new Workload(name, Protocol.Gemini, stream, new Totals(Prompt - Cached, Cached, 0, output + Thoughts, characters));
    }
}
