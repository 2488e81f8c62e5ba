using System.Net;
using System.Text.Json;
using StreamUsage.GatewayTests.Support;

namespace StreamUsage.GatewayTests;

/// <summary>Sums, records and exports over HTTP.</summary>
public sealed class UsageEndpointTests(StoredGateway stored) : IClassFixture<StoredGateway>
{
    [Theory]
    [InlineData("usage?groupBy=User", 2)]
    [InlineData("usage?groupBy=User,Model", 3)]
    [InlineData("usage?groupBy=Hour&userId=ann", 1)]
    [InlineData("usage?groupBy=ApiKey&from=2026-11-02T00:00:00Z", 0)]
    public async Task Sums_are_grouped_and_filtered(string path, int sums)
    {
        GatewayProcess gateway = await stored.GetAsync();

        (await gateway.GetAsync(path)).GetProperty("sums").GetArrayLength().Should().Be(sums);
    }

    [Fact]
    public async Task Sums_come_in_pages()
    {
        GatewayProcess gateway = await stored.GetAsync();

        JsonElement first = await gateway.GetAsync("usage?groupBy=User,Model&limit=2");
        JsonElement last = await gateway.GetAsync("usage?groupBy=User,Model&limit=2&offset=" + first.GetProperty("next").GetInt32());

        first.GetProperty("sums").GetArrayLength().Should().Be(2);
        last.GetProperty("sums").GetArrayLength().Should().Be(1);
        last.GetProperty("next").ValueKind.Should().Be(JsonValueKind.Null);
        last.GetProperty("total").GetProperty("cost").GetRawText().Should().Be("0.000000225");
    }

    [Fact]
    public async Task Sums_are_exported_as_CSV()
    {
        GatewayProcess gateway = await stored.GetAsync();

        string[] lines = (await gateway.Http.GetStringAsync(new Uri(gateway.Admin, "usage.csv?groupBy=User"))).Split("\r\n");

        lines[0].Should().StartWith("period,user_id,api_key_id,model,provider,records");
        lines[1].Should().Be(",'=bob,,,,1,0,0,10,0,0,5,0.000000075,0");
        lines[2].Should().Be(",ann,,,,2,0,0,20,0,0,10,0.000000150,0");
    }

    [Fact]
    public async Task Records_are_exported_as_FOCUS()
    {
        GatewayProcess gateway = await stored.GetAsync();

        string csv = await gateway.Http.GetStringAsync(new Uri(gateway.Admin, "usage/focus.csv"));

        csv.Should().StartWith("BilledCost,BillingAccountId");
    }

    [Theory]
    [InlineData("usage/records/00000000-0000-0000-0000-000000000000", HttpStatusCode.NotFound)]
    [InlineData("usage?groupBy=Nothing", HttpStatusCode.BadRequest)]
    [InlineData("usage/records?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("usage/records?limit=10001", HttpStatusCode.BadRequest)]
    [InlineData("usage?offset=-1", HttpStatusCode.BadRequest)]
    [InlineData("usage?from=yesterday", HttpStatusCode.BadRequest)]
    public async Task A_bad_question_has_a_clear_status(string path, HttpStatusCode status)
    {
        GatewayProcess gateway = await stored.GetAsync();

        using HttpResponseMessage response = await gateway.Http.GetAsync(new Uri(gateway.Admin, path));

        response.StatusCode.Should().Be(status);
    }

    [Fact]
    public async Task Callers_do_not_reach_the_operators_port()
    {
        GatewayProcess gateway = await stored.GetAsync();

        using HttpResponseMessage usage = await gateway.Http.GetAsync(new Uri(gateway.Proxy, "usage"));
        using HttpRequestMessage request = Questions.Create(gateway.Admin, "anthropic");
        using HttpResponseMessage model = await gateway.Http.SendAsync(request);

        usage.StatusCode.Should().Be(HttpStatusCode.NotFound);
        model.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }
}
