using System.Text;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Clients;

/// <summary>Calls of <see cref="HttpClient"/> itself.</summary>
internal static class RawCalls
{
    public static Dictionary<string, ClientCall> All { get; } = new()
    {
        ["HttpClient, Gemini"] = new("gemini.json", (http, address, view) => AskAsync(http, address, view, "generateContent")),
        ["HttpClient, Gemini, streamed"] =
            new("gemini.sse", (http, address, view) => AskAsync(http, address, view, "streamGenerateContent?alt=sse")),
    };

    // The fixtures' counts, as there is no client to report them: thoughts are beside the candidates.
    private static async Task AskAsync(HttpClient http, Uri address, ClientView view, string method)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, $"v1beta/models/gemini-2.5-flash:{method}"));
        request.Content = new StringContent("""{"contents":[{"parts":[{"text":"Hello"}]}]}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        view.Add(await response.Content.ReadAsStringAsync());
        (view.Input, view.Cached, view.Output, view.Reasoning) = (1200, 1024, 80, 64);
    }
}
