using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace StreamUsage.ClientTests.Support;

/// <summary>A chat client without HTTP: it gives what the test says, and then fails if the test says so.</summary>
internal sealed class ScriptedChatClient : IChatClient
{
    public List<ChatResponseUpdate> Updates { get; } = [];

    /// <summary>Thrown after the updates.</summary>
    public Exception? Fault { get; set; }

    public int EnumeratedUpdates { get; private set; }

    public bool IsLeft { get; private set; }

    public ChatOptions? SeenOptions { get; private set; }

    public IEnumerable<ChatMessage>? SeenMessages { get; private set; }

    public ScriptedChatClient Give(params AIContent[] contents)
    {
        Updates.Add(new ChatResponseUpdate(ChatRole.Assistant, contents) { ResponseId = "r-1", ModelId = "local-1" });
        return this;
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        (SeenMessages, SeenOptions) = (messages, options);
        return Fault is { } fault ? Task.FromException<ChatResponse>(fault) : Task.FromResult(Updates.ToChatResponse());
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        (SeenMessages, SeenOptions) = (messages, options);
        try
        {
            foreach (ChatResponseUpdate update in Updates)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                EnumeratedUpdates++;
                yield return update;
            }

            if (Fault is { } fault)
            {
                throw fault;
            }
        }
        finally
        {
            IsLeft = true;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("local", defaultModelId: "local-default") : null;

    public void Dispose()
    {
    }
}
