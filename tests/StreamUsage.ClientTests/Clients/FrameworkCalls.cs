using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Clients;

/// <summary>Calls of Semantic Kernel.</summary>
internal static class FrameworkCalls
{
    public static Dictionary<string, ClientCall> All { get; } = new()
    {
        ["Semantic Kernel chat"] = new("chat.json", KernelAsync),
        ["Semantic Kernel chat, streamed"] = new("chat.sse", StreamKernelAsync),
    };

    private static IChatCompletionService Create(HttpClient http, Uri address) => Kernel.CreateBuilder()
        .AddOpenAIChatCompletion("gpt-5-mini", new Uri(address, "v1"), "key", httpClient: http).Build()
        .GetRequiredService<IChatCompletionService>();

    private static async Task KernelAsync(HttpClient http, Uri address, ClientView view)
    {
        ChatMessageContent message = await Create(http, address).GetChatMessageContentAsync("Hello");
        view.Add(message.Content);
        OpenAICalls.SeeUsage(view, (OpenAI.Chat.ChatTokenUsage?)message.Metadata!["Usage"]);
    }

    private static async Task StreamKernelAsync(HttpClient http, Uri address, ClientView view)
    {
        await foreach (StreamingChatMessageContent update in Create(http, address).GetStreamingChatMessageContentsAsync("Hello"))
        {
            view.Add(update.Content);
            if (update.Metadata?.GetValueOrDefault("Usage") is OpenAI.Chat.ChatTokenUsage usage)
            {
                OpenAICalls.SeeUsage(view, usage);
            }
        }
    }
}
