using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StreamUsage.Sse;

namespace StreamUsage.Snippets;

internal static class GettingStartedSnippets
{
    public static async Task Track(IUsageSink sink, HttpClient http, HttpRequestMessage request, Stream destination)
    {
        #region tracker
        var options = new StreamUsageOptions { ShutdownGracePeriod = TimeSpan.FromMinutes(2) };
        await using var tracker = new UsageTracker(sink, options);

        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        UsageTracking tracking = response.TrackUsage(tracker, new UsageContext { RequestId = "req-42" });

        await response.Content.CopyToAsync(destination);
        UsageRecord record = await tracking.Completion;
        #endregion
    }

    public static void Endpoint(WebApplication app, string openAIKey)
    {
        #region endpoint
        app.MapPost("/v1/chat/completions", async (HttpContext http, IHttpClientFactory clients) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "https://api.openai.com/v1/chat/completions");
            request.Content = new StreamContent(http.Request.Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Content.Headers.ContentLength = http.Request.ContentLength;   // RequestStreamUsage needs the length
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", openAIKey);
            request.SetUsageContext(new UsageContext { RequestId = http.TraceIdentifier, UserId = http.User.Identity?.Name });

            using HttpResponseMessage response = await clients.CreateClient("models")
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted);

            http.Response.StatusCode = (int)response.StatusCode;
            http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
            await response.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
        });
        #endregion
    }

    public static void TrackIntoSink(HttpResponseMessage response, IUsageSink sink)
    {
        #region sink
        UsageTracking tracking = response.TrackUsage(sink, new UsageContext { RequestId = "req-42" });
        #endregion
    }

    public static void Fail(UsageTracking tracking)
    {
        #region fail
        bool isInTime = tracking.Fail(422, "The answer broke the output filter.");
        #endregion
    }

    public static void Handler(UsageTracker tracker, Uri uri, object body)
    {
        #region handler
        using var http = new HttpClient(new UsageTrackingHandler(tracker));   // its inner handler is made where none is given

        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = JsonContent.Create(body) };
        request.SetUsageContext(new UsageContext { RequestId = "req-42" });
        #endregion
    }

    public static async Task Scope(IChat chat, string[] messages)
    {
        #region scope
        using (UsageScope.Begin(new UsageContext { RequestId = "req-43", UserId = "user-7" }))
        {
            await chat.CompleteAsync(messages);
        }
        #endregion
    }

    public static async Task StreamsAndPipes(UsageTracker tracker, UsageContext context, Stream body, PipeReader pipe, Stream file)
    {
        #region streams
        var known = new TrackedResponse { StatusCode = 200, ContentType = "text/event-stream" };

        await using Stream stream = tracker.Track(body, context, out UsageTracking ofStream, known);
        PipeReader reader = tracker.Track(pipe, context, out UsageTracking ofPipe, known);
        UsageRecord stored = await tracker.ReadAsync(PipeReader.Create(file), context);
        #endregion
    }

    public static void Sockets(UsageTracker tracker, ReadOnlySpan<byte> message)
    {
        #region sockets
        using UsageSession session = tracker.TrackMessages(new UsageContext { RequestId = "session-1" });
        UsageTracking? ended = session.Receive(message);   // the handle of the response that ended with this message
        session.Complete();                                // the socket was closed in order
        #endregion
    }

    public static async Task Sse(PipeReader reader, CancellationToken cancellationToken)
    {
        #region sse
        await foreach (SseEvent sse in SseReader.ReadAllAsync(reader, cancellationToken: cancellationToken))
        {
            Console.WriteLine($"{sse.EventType}: {sse.Data.Length} bytes");
        }
        #endregion
    }

    /// <summary>An SDK that creates its requests internally.</summary>
    public interface IChat
    {
        Task CompleteAsync(string[] messages);
    }
}
