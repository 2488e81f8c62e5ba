using System.Text;

namespace StreamUsage.Soak.Scripts;

/// <summary>A Responses stream: usage comes with the terminal event alone, which may be <c>completed</c>,
/// <c>incomplete</c> or <c>failed</c>.</summary>
internal static class ResponsesAnswer
{
    public static Script Create(Random random, bool hasError)
    {
        var writer = new ScriptWriter(random);
        int sequence = 0, id = random.Next();
        string Response(string status, string rest) =>
            $$$"""{"type":"response.{{{status}}}","sequence_number":{{{sequence++}}},"response":"""
            + $$$"""{"id":"resp_{{{id}}}","object":"response","""
            + $"\"status\":\"{(status == "created" ? "in_progress" : status)}\",\"model\":\"gpt-example-2\",{rest}}}}}";
        writer.Write("response.created", Response("created", """ "output":[],"usage":null"""));
        writer.Write("response.in_progress", Response("in_progress", """ "output":[],"usage":null"""));
        var whole = new StringBuilder();
        int deltas = random.Next(1, 30), errorAt = hasError ? random.Next(0, deltas) : int.MaxValue;
        string place = """ "item_id":"msg_1","output_index":0,"content_index":0""";
        writer.Write("response.output_item.added", $$$"""{"type":"response.output_item.added","sequence_number":{{{sequence++}}}"""
            + ""","output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[],"role":"assistant"}}""");
        for (int i = 0; i < deltas; i++)
        {
            if (i == errorAt)
            {
                return EndWithError(writer, random, sequence, Response);
            }

            string text = writer.NextText();
            whole.Append(text);
            writer.WriteOutput("response.output_text.delta",
                $$"""{"type":"response.output_text.delta","sequence_number":{{sequence++}},{{place}},"delta":""", text, "}");
        }

        string part = $$$"""{"type":"output_text","annotations":[],"text":{{{writer.Quote(whole.ToString())}}}}""";
        writer.Write("response.output_text.done", $$"""{"type":"response.output_text.done","sequence_number":{{sequence++}},"""
            + $$"""{{place}},"text":{{writer.Quote(whole.ToString())}}}""");
        writer.Write("response.content_part.done",
            $$"""{"type":"response.content_part.done","sequence_number":{{sequence++}},{{place}},"part":{{part}}}""");
        string item = $$"""{"id":"msg_1","type":"message","status":"completed","content":[{{part}}],"role":"assistant"}""";
        writer.Write("response.output_item.done",
            $$"""{"type":"response.output_item.done","sequence_number":{{sequence++}},"output_index":0,"item":{{item}}}""");

        long cached = random.Next(0, 2_000),
            input = cached + random.Next(1, 4_000), reasoning = random.Next(0, 300), output = reasoning + random.Next(1, 3_000);
        var usage = new TokenUsage
        {
            InputTokens = input - cached,
            CacheReadInputTokens = cached,
            OutputTokens = output,
            ReasoningTokens = reasoning,
        };
        string last = random.Next(5) == 0 ? "incomplete" : "completed";
        writer.Write(
            "response." + last,
            Response(last, $$$""" "output":[{{{item}}}],"usage":{"input_tokens":{{{input}}},"input_tokens_details":"""
                + $$$"""{"cached_tokens":{{{cached}}}},"output_tokens":{{{output}}},"output_tokens_details":"""
                + $$$"""{"reasoning_tokens":{{{reasoning}}}},"total_tokens":{{{input + output}}}}"""),
            known => known with { Usage = usage, IsInputReported = true, IsOutputReported = true, IsComplete = true });
        return writer.ToScript("openai-responses", ApiFormat.OpenAI);
    }

    private static Script EndWithError(ScriptWriter writer, Random random, int sequence, Func<string, string, string> response)
    {
        if (random.Next(2) == 0)
        {
            (string code, int status) = random.Next(2) == 0 ? ("rate_limit_exceeded", 429) : ("server_error", 502);
            writer.Write(
                "response.failed",
                response("failed", $$""" "output":[],"error":{"code":"{{code}}","message":"as the script has it"},"usage":null"""),
                known => known with { ErrorStatus = status, IsComplete = true });
        }
        else
        {
            writer.Write("error", $$"""{"type":"error","sequence_number":{{sequence}}"""
                + ""","code":"rate_limit_exceeded","message":"as the script has it","param":null}""",
                known => known with { ErrorStatus = 429 });
        }

        return writer.ToScript("openai-responses", ApiFormat.OpenAI);
    }
}
