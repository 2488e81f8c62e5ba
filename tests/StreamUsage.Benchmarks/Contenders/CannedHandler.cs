using System.Net;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>Answers every request at once with a body of its caller's.</summary>
internal sealed class CannedHandler : HttpMessageHandler
{
    public Stream? Body { get; set; }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = new StreamContent(Body!) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", "text/event-stream; charset=utf-8");
        return response;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(Send(request, cancellationToken));
}
