namespace Gateway.Demo;

/// <summary>Three made-up providers, which replay an answer with figures of chance.</summary>
internal static class DemoProvider
{
    public static async Task AnswerAsync(HttpContext http)
    {
        string name = http.Request.Path.Value switch { "/v1/messages" => "anthropic", "/v1/chat/completions" => "openai", _ => "google" };
        if (Random.Shared.Next(25) == 0)
        {
            http.Response.StatusCode = 529;
            await http.Response.WriteAsJsonAsync(new { type = "error", error = new { type = "overloaded_error", message = "Overloaded" } });
            return;
        }

        (int input, int cached, int output) = (Random.Shared.Next(50, 4_000), Random.Shared.Next(4) * 1_000, Random.Shared.Next(20, 900));
        string answer = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Demo", name + ".sse"));
        answer = answer.Replace("$ID", Guid.NewGuid().ToString("N")).Replace("$INPUT", $"{input}").Replace("$CACHED", $"{cached}")
            .Replace("$PROMPT", $"{input + cached}").Replace("$OUTPUT", $"{output}").Replace("$TOTAL", $"{input + cached + output}");
        http.Response.ContentType = "text/event-stream";
        foreach (string item in answer.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            await http.Response.WriteAsync(item + "\n\n", http.RequestAborted);
            await Task.Delay(Random.Shared.Next(50, 400), http.RequestAborted);
        }
    }
}
