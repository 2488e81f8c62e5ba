#region readme
using StreamUsage;

using var sink = new JsonLinesSink("usage.jsonl");   // or your own IUsageSink
await using var tracker = new UsageTracker(sink);    // disposing it delivers the records that are on their way
using var http = new HttpClient();

using var request = new HttpRequestMessage(HttpMethod.Post, "http://localhost:11434/v1/chat/completions");
request.Content = new StringContent("""
    {"model":"llama3.2","stream":true,"stream_options":{"include_usage":true},
    "messages":[{"role":"user","content":"Why is the sky blue?"}]}
    """, null, "application/json");
using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
response.TrackUsage(tracker, new UsageContext { RequestId = "req-42" });
await response.Content.CopyToAsync(Console.OpenStandardOutput());   // every byte as it arrives
#endregion
