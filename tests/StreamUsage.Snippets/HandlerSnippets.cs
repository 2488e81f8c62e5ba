using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.Snippets;

internal static class HandlerSnippets
{
    public static void OneLine(WebApplicationBuilder builder)
    {
        #region one-line
        builder.Services.AddStreamUsage().AddSink<UsageDbSink>();
        builder.Services.AddHttpClient("models").AddUsageTracking();
        #endregion
    }

    public static void WithoutContainer(UsageTracker tracker)
    {
        #region inner
        using var http = new HttpClient(new UsageTrackingHandler(tracker, new SocketsHttpHandler()));
        #endregion
    }

    public static void Paths(WebApplicationBuilder builder)
    {
        #region should-track
        builder.Services.AddStreamUsage(options => options.ShouldTrack = request =>
            UsageTrackingHandler.IsModelRequest(request) || request.RequestUri?.AbsolutePath == "/api/chat");
        #endregion
    }

    public static void AskForUsage(WebApplicationBuilder builder)
    {
        #region request-usage
        builder.Services.AddStreamUsage(options => options.RequestStreamUsage = true);
        #endregion
    }

    public static void Share(WebApplicationBuilder builder, IStore store)
    {
        #region share
        builder.Services.AddStreamUsage(options => options.SharePendingAnswers(
            add: (id, context, token) => store.SetAsync(id, JsonSerializer.Serialize(context), TimeSpan.FromDays(1), token),
            tryClaim: async (id, token) => await store.GetAndDeleteAsync(id, token) is { } json
                ? JsonSerializer.Deserialize<UsageContext>(json) : null));
        #endregion
    }

    public static async Task Scope(IStreamingChat chat, string[] messages)
    {
        #region streamed-scope
        using (UsageScope.Begin(new UsageContext { UserId = "user-7" }))
        {
            await foreach (string text in chat.StreamAsync(messages))   // the request is sent here
            {
                Console.Write(text);
            }
        }
        #endregion
    }

    /// <summary>A store that several processes share.</summary>
    public interface IStore
    {
        ValueTask SetAsync(string key, string value, TimeSpan lifetime, CancellationToken token);

        ValueTask<string?> GetAndDeleteAsync(string key, CancellationToken token);
    }

    /// <summary>An SDK that streams.</summary>
    public interface IStreamingChat
    {
        IAsyncEnumerable<string> StreamAsync(string[] messages);
    }
}
