using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Json;
using Anthropic;
using Azure.AI.OpenAI;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using OpenAI;
using OpenAI.Chat;
using Yarp.ReverseProxy.Forwarder;

namespace StreamUsage.Snippets;

internal static class ClientSnippets
{
    public static void Container(WebApplicationBuilder builder)
    {
        #region factory
        builder.Services.AddStreamUsage().AddSink<UsageDbSink>();
        builder.Services.AddHttpClient("models").AddUsageTracking();
        #endregion
    }

    public static async Task Alone(IUsageSink sink)
    {
        #region alone
        await using var tracker = new UsageTracker(sink);
        using var http = new HttpClient(new UsageTrackingHandler(tracker));
        #endregion
    }

    public static async Task Scope(ChatClient chat)
    {
        #region client-scope
        using (UsageScope.Begin(new UsageContext { RequestId = "req-42", UserId = "user-7" }))
        {
            ChatCompletion answer = await chat.CompleteChatAsync("Why is the sky blue?");
        }
        #endregion
    }

    public static void OpenAI(HttpClient http, string key)
    {
        #region openai
        var client = new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions
        {
            Transport = new HttpClientPipelineTransport(http),
        });
        ChatClient chat = client.GetChatClient("gpt-5-mini");
        #endregion
    }

    public static void Azure(HttpClient http, Uri endpoint, string key)
    {
        #region azure
        var client = new AzureOpenAIClient(endpoint, new ApiKeyCredential(key), new AzureOpenAIClientOptions
        {
            Transport = new HttpClientPipelineTransport(http),
        });
        #endregion
    }

    public static void Anthropic(HttpClient http, string key)
    {
        #region anthropic
        var client = new AnthropicClient { ApiKey = key, HttpClient = http };
        #endregion
    }

    public static async Task Gemini(HttpClient http, string key, object body)
    {
        #region gemini
        var uri = new Uri("https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = JsonContent.Create(body) };
        request.Headers.Add("x-goog-api-key", key);
        request.SetUsageContext(new UsageContext { RequestId = "req-42" });
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        #endregion
    }

    public static void ExtensionsAI(WebApplicationBuilder builder, IChatClient innerClient)
    {
        #region extensions-ai
        builder.Services.AddChatClient(innerClient)
            .UseFunctionInvocation()
            .UseUsageTracking();
        #endregion
    }

    public static async Task ExtensionsAICall(IChatClient chat)
    {
        #region extensions-ai-call
        var options = new ChatOptions();
        options.SetUsageContext(new UsageContext { RequestId = "req-42", UserId = "user-7" });
        ChatResponse response = await chat.GetResponseAsync("Why is the sky blue?", options);
        #endregion
    }

    public static void ExtensionsAIPackage(IServiceCollection services, IChatClient innerClient)
    {
        #region extensions-ai-package
        services.AddStreamUsage().AddSink<UsageDbSink>();
        services.AddChatClient(innerClient).UseFunctionInvocation().UseUsageTracking();

        var options = new ChatOptions();
        options.SetUsageContext(new UsageContext { UserId = "user-7" });
        #endregion
    }

    public static void SemanticKernel(HttpClient http, string key)
    {
        #region semantic-kernel
        Kernel kernel = Kernel.CreateBuilder().AddOpenAIChatCompletion("gpt-5-mini", key, httpClient: http).Build();
        #endregion
    }

    public static void Yarp(WebApplicationBuilder builder)
    {
        #region yarp
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        builder.Services.AddSingleton<IForwarderHttpClientFactory, TrackingClientFactory>();
        #endregion
    }

    public static void YarpScope(WebApplication app)
    {
        #region yarp-scope
        app.Use(async (context, next) =>
        {
            using (UsageScope.Begin(new UsageContext { RequestId = context.TraceIdentifier, UserId = context.User.Identity?.Name }))
            {
                await next();
            }
        });
        app.MapReverseProxy();
        #endregion
    }

    public static void Outside(WebApplicationBuilder builder)
    {
        #region outside
        IHttpClientBuilder models = builder.Services.AddHttpClient("models");
        models.AddUsageTracking();
        models.AddStandardResilienceHandler();
        #endregion
    }

    public static void Inside(WebApplicationBuilder builder)
    {
        #region inside
        IHttpClientBuilder models = builder.Services.AddHttpClient("models");
        models.AddStandardResilienceHandler();
        models.AddUsageTracking();
        #endregion
    }
}

#region yarp-factory
internal sealed class TrackingClientFactory(UsageTracker tracker) : ForwarderHttpClientFactory
{
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new UsageTrackingHandler(tracker, base.WrapHandler(context, handler));
}
#endregion
