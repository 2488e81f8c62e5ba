using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using StreamUsage.Sse;

namespace StreamUsage.Tests.Support;

/// <summary>A client of Chat Completions, as small as it can be, over any <see cref="HttpClient"/>.</summary>
internal sealed class LoopbackChatClient(HttpClient http, Uri address) : IChatClient
{
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Content = new StringContent($$"""{"model":"{{options?.ModelId}}","stream":true}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseEvent one in SseReader.ReadAllAsync(System.IO.Pipelines.PipeReader.Create(body), null, cancellationToken))
        {
            if (!one.Data.Span.SequenceEqual("[DONE]"u8))
            {
                yield return ToUpdate(one.Data);
            }
        }
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai", address) : null;

    public void Dispose()
    {
    }

    private static ChatResponseUpdate ToUpdate(ReadOnlyMemory<byte> data)
    {
        using JsonDocument document = JsonDocument.Parse(data);
        JsonElement root = document.RootElement;
        var update = new ChatResponseUpdate
        {
            ResponseId = root.GetProperty("id").GetString(),
            ModelId = root.GetProperty("model").GetString(),
            Role = ChatRole.Assistant,
        };
        foreach (JsonElement choice in root.GetProperty("choices").EnumerateArray())
        {
            if (choice.GetProperty("delta").TryGetProperty("content", out JsonElement content))
            {
                update.Contents.Add(new TextContent(content.GetString()));
            }
        }

        if (root.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
        {
            update.Contents.Add(new UsageContent(new UsageDetails
            {
                InputTokenCount = usage.GetProperty("prompt_tokens").GetInt64(),
                OutputTokenCount = usage.GetProperty("completion_tokens").GetInt64(),
            }));
        }

        return update;
    }
}
