using System.ClientModel;
using System.ClientModel.Primitives;
using Azure.AI.OpenAI;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Images;
using OpenAI.Responses;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Clients;

/// <summary>Calls of the packages OpenAI and Azure.AI.OpenAI.</summary>
internal static class OpenAICalls
{
    private static readonly ApiKeyCredential Key = new("key");

    public static Dictionary<string, ClientCall> All { get; } = new()
    {
        ["OpenAI chat"] = new("chat.json", (http, address, view) => ChatAsync(Create(http, address).GetChatClient("gpt-5-mini"), view)),
        ["OpenAI chat, streamed"] = new(
            "chat.sse", (http, address, view) => StreamChatAsync(Create(http, address).GetChatClient("gpt-5-mini"), view)),
        ["OpenAI chat, synchronous"] = new("chat.json", SynchronousChatAsync),
        ["OpenAI responses"] = new("responses.json", ResponsesAsync),
        ["OpenAI responses, streamed"] = new("responses.sse", StreamResponsesAsync),
        ["OpenAI images"] = new("image.json", ImagesAsync),
        ["OpenAI transcription"] = new("transcription.json", TranscriptionAsync),
        ["OpenAI transcription, streamed"] = new("transcription.sse", StreamTranscriptionAsync),
        ["OpenAI embeddings"] = new("embeddings.json", EmbeddingsAsync),
        ["Azure.AI.OpenAI chat"] = new("chat.json", (http, address, view) => ChatAsync(CreateAzure(http, address), view)),
        ["Azure.AI.OpenAI chat, streamed"] = new("chat.sse", (http, address, view) => StreamChatAsync(CreateAzure(http, address), view)),
    };

    public static OpenAIClient Create(HttpClient http, Uri address) => new(Key, new OpenAIClientOptions
    {
        Endpoint = new Uri(address, "v1"),
        Transport = new HttpClientPipelineTransport(http),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    });

    public static void SeeUsage(ClientView view, ChatTokenUsage? usage)
    {
        view.Input = usage?.InputTokenCount;
        view.Cached = usage?.InputTokenDetails?.CachedTokenCount;
        view.Output = usage?.OutputTokenCount;
        view.Reasoning = usage?.OutputTokenDetails?.ReasoningTokenCount;
    }

    private static ChatClient CreateAzure(HttpClient http, Uri address) => new AzureOpenAIClient(address, Key, new AzureOpenAIClientOptions
    {
        Transport = new HttpClientPipelineTransport(http),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    }).GetChatClient("my-deployment");

    private static async Task ChatAsync(ChatClient client, ClientView view) =>
        See(view, await client.CompleteChatAsync(new UserChatMessage("Hello")));

    private static Task SynchronousChatAsync(HttpClient http, Uri address, ClientView view)
    {
        See(view, Create(http, address).GetChatClient("gpt-5-mini").CompleteChat(new UserChatMessage("Hello")));
        return Task.CompletedTask;
    }

    private static void See(ClientView view, ClientResult<ChatCompletion> result)
    {
        view.Add(ModelReaderWriter.Write(result.Value));
        view.Add(result.GetRawResponse().Content);
        SeeUsage(view, result.Value.Usage);
    }

    private static async Task StreamChatAsync(ChatClient client, ClientView view)
    {
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(new UserChatMessage("Hello")))
        {
            view.Add(ModelReaderWriter.Write(update));
            SeeUsage(view, update.Usage ?? null);
        }
    }

    private static async Task ResponsesAsync(HttpClient http, Uri address, ClientView view)
    {
        ResponseResult response = await Create(http, address).GetResponsesClient().CreateResponseAsync("gpt-5-mini", "Hello");
        See(view, response);
    }

    private static async Task StreamResponsesAsync(HttpClient http, Uri address, ClientView view)
    {
        await foreach (StreamingResponseUpdate update in
            Create(http, address).GetResponsesClient().CreateResponseStreamingAsync("gpt-5-mini", "Hello"))
        {
            view.Add(ModelReaderWriter.Write(update));
            if (update is StreamingResponseCompletedUpdate completed)
            {
                See(view, completed.Response);
            }
        }
    }

    private static void See(ClientView view, ResponseResult response)
    {
        view.Add(ModelReaderWriter.Write(response));
        view.Input = response.Usage?.InputTokenCount;
        view.Cached = response.Usage?.InputTokenDetails?.CachedTokenCount;
        view.Output = response.Usage?.OutputTokenCount;
        view.Reasoning = response.Usage?.OutputTokenDetails?.ReasoningTokenCount;
    }

    private static async Task ImagesAsync(HttpClient http, Uri address, ClientView view)
    {
        ClientResult<GeneratedImageCollection> result =
            await Create(http, address).GetImageClient("gpt-image-1").GenerateImagesAsync("A parrot", 1, new ImageGenerationOptions());
        view.Add(result.GetRawResponse().Content);
        view.Input = result.Value.Usage.InputTokenCount;
        view.Output = result.Value.Usage.OutputTokenCount;
    }

    private static async Task TranscriptionAsync(HttpClient http, Uri address, ClientView view)
    {
        AudioClient client = Create(http, address).GetAudioClient("gpt-4o-transcribe");
        ClientResult<AudioTranscription> result = await client.TranscribeAudioAsync(new MemoryStream(new byte[64]), "speech.wav");
        view.Add(result.Value.Text);
        view.Add(result.GetRawResponse().Content);
    }

    private static async Task StreamTranscriptionAsync(HttpClient http, Uri address, ClientView view)
    {
        AudioClient client = Create(http, address).GetAudioClient("gpt-4o-transcribe");
        await foreach (StreamingAudioTranscriptionUpdate update in
            client.TranscribeAudioStreamingAsync(new MemoryStream(new byte[64]), "speech.wav"))
        {
            view.Add(ModelReaderWriter.Write(update));
        }
    }

    private static async Task EmbeddingsAsync(HttpClient http, Uri address, ClientView view)
    {
        ClientResult<OpenAIEmbeddingCollection> result =
            await Create(http, address).GetEmbeddingClient("text-embedding-3-small").GenerateEmbeddingsAsync(["Hello"]);
        view.Add(result.GetRawResponse().Content);
        view.Input = result.Value.Usage.InputTokenCount;
    }
}
