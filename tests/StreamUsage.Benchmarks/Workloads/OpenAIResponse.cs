using System.Text;

namespace StreamUsage.Benchmarks.Workloads;

/// <summary>
/// A Responses answer with reasoning that is not shown: a token a delta; then the text again in each of the events that
/// end its part, and in a last event of about 60 kB, which also repeats the request's instructions and tools and the
/// reasoning in its encrypted form.
/// </summary>
internal static class OpenAIResponse
{
    private const int EncryptedLength = 34_000, ToolCount = 14;

    public static Workload Create(string name, int events)
    {
        var random = new Random(4004);
        var stream = new EventStreamWriter();
        int sequence = 0;

        // Every event is an object that begins with its type and its number.
        void Write(string type, string properties) =>
            stream.Write(type, $$"""{"type":"{{type}}","sequence_number":{{sequence++}},{{properties[1..]}}""");

        string id = "resp_0" + RandomText.NextHex(random, 49),
            item = "msg_0" + RandomText.NextHex(random, 49), reasoningId = "rs_0" + RandomText.NextHex(random, 49);
        string request = Request(random);
        string Response(string status, string output, string usage) =>
            $$"""{"response":{"id":"{{id}}","object":"response","created_at":1770933892,"status":"{{status}}","background":false"""
            + $$""","error":null,"incomplete_details":null,{{request}},"output":{{output}},"usage":{{usage}}"""
            + ""","user":null,"metadata":{}}}""";

        Write("response.created", Response("in_progress", "[]", "null"));
        Write("response.in_progress", Response("in_progress", "[]", "null"));
        string reasoning = $$"""{"id":"{{reasoningId}}","type":"reasoning","encrypted_content":"""
            + $"\"{RandomText.Next(random, EncryptedLength)}\",\"summary\":[]}}";
        Write("response.output_item.added",
            $$$"""{"output_index":0,"item":{"id":"{{{reasoningId}}}","type":"reasoning","encrypted_content":"","summary":[]}}""");
        Write("response.output_item.done", $$"""{"output_index":0,"item":{{reasoning}}}""");
        Write("response.output_item.added",
            $$$"""{"output_index":1,"item":{"id":"{{{item}}}","type":"message","status":"in_progress","content":[],"role":"assistant"}}""");
        string place = $$"""{"item_id":"{{item}}","output_index":1,"content_index":0""";
        Write("response.content_part.added", place + ""","part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}}""");

        var whole = new StringBuilder();
        while (stream.EventCount < events - 4)
        {
            string text = EnglishText.NextToken(random);
            whole.Append(text);
            Write("response.output_text.delta", $$"""{{place}},"delta":"{{EventStreamWriter.Escape(text)}}","logprobs":[]"""
                + $$""","obfuscation":"{{RandomText.Next(random, random.Next(4, 16))}}"}""");
        }

        string escaped = EventStreamWriter.Escape(whole.ToString());
        string part = $$"""{"type":"output_text","annotations":[],"logprobs":[],"text":"{{escaped}}"}""";
        string message = $$"""{"id":"{{item}}","type":"message","status":"completed","content":[{{part}}],"role":"assistant"}""";
        Write("response.output_text.done", $$"""{{place}},"text":"{{escaped}}","logprobs":[]}""");
        Write("response.content_part.done", $$"""{{place}},"part":{{part}}}""");
        Write("response.output_item.done", $$"""{"output_index":1,"item":{{message}}}""");
        Write("response.completed", Response(
            "completed",
            $"[{reasoning},{message}]",
            """{"input_tokens":3072,"input_tokens_details":{"cached_tokens":2048},"output_tokens":2566,"output_tokens_details":"""
                + """{"reasoning_tokens":576},"total_tokens":5638}"""));
        return new Workload(name, Protocol.Responses, stream, new Totals(1_024, 2_048, 0, 2_566, whole.Length));
    }

    // What a response repeats of its request.
    private static string Request(Random random)
    {
        var request = new StringBuilder();
        request.Append("\"instructions\":\"").Append(EventStreamWriter.Escape(Prose(random, 600))).Append('"');
        request.Append(""","max_output_tokens":null,"max_tool_calls":null,"model":"gpt-5.1-2025-11-13","parallel_tool_calls":true"""
            + ""","previous_response_id":null,"prompt_cache_key":null""");
        request.Append(""","reasoning":{"effort":"medium","summary":null},"safety_identifier":null,"service_tier":"default","store":false"""
            + ""","temperature":1.0""");
        request.Append(""","text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[""");
        for (int i = 0; i < ToolCount; i++)
        {
            string description = EventStreamWriter.Escape(Prose(random, 30));
            request.Append(i == 0 ? "" : ",").Append("{\"type\":\"function\",\"description\":\"")
                .Append(description).Append("\",\"name\":\"tool_").Append(i).Append("\",\"parameters\":");
            request.Append("""{"additionalProperties":false,"properties":{"path":{"type":"string"},"limit":{"type":"integer"}}"""
                + ""","required":["path","limit"],"type":"object"},"strict":true}""");
        }

        return request.Append("""],"top_logprobs":0,"top_p":1.0,"truncation":"disabled" """).ToString().TrimEnd();
    }

    private static string Prose(Random random, int tokens)
    {
        var prose = new StringBuilder();
        for (int i = 0; i < tokens; i++)
        {
            prose.Append(EnglishText.NextToken(random));
        }

        return prose.ToString();
    }
}
