using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Clients;

/// <summary>A call of a client.</summary>
/// <param name="Fixture">The answer of the server.</param>
/// <param name="CallAsync">Calls the client with an <see cref="HttpClient"/> and the provider's address, which ends
/// with a slash.</param>
internal sealed record ClientCall(string Fixture, Func<HttpClient, Uri, ClientView, Task> CallAsync)
{
    public static IReadOnlyDictionary<string, ClientCall> All { get; } = new Dictionary<string, ClientCall>(
        [.. OpenAICalls.All, .. AnthropicCalls.All, .. ExtensionsAICalls.All, .. FrameworkCalls.All, .. RawCalls.All]);

    public async Task<ClientView> AskAsync(HttpClient http, Uri address)
    {
        var view = new ClientView();
        try
        {
            await CallAsync(http, address, view);
        }
        catch (Exception fault)
        {
            // The address differs from call to call.
            view.Add($"{fault.GetType()}: {fault.Message.Replace(address.AbsolutePath, "/", StringComparison.Ordinal)}");
        }

        return view;
    }
}
