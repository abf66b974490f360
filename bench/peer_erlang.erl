%% Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

%% Erlang processes, measured as actor_works.hpp measures the others.
%%
%% Run as `erl ... -run peer_erlang main WORK NUMBER... MILLISECONDS`; prints
%% the seconds of one. bench.py knows the rest of that command line: no epmd,
%% but one port that every node listens on, each at a loopback address of its
%% own.
-module(peer_erlang).

-export([main/1]).
%% What runs on other nodes.
-export([echo/0, sink/1, member/0, idle/0]).

-define(MEMBERS, 4).

main(Arguments) ->
    try
        [Work | Numbers] = Arguments,
        [Milliseconds | Reversed] =
            [list_to_integer(X) || X <- lists:reverse(Numbers)],
        Counts = lists:reverse(Reversed),
        io:format("~.10e~n", [work(Work, Counts, Milliseconds / 1000)]),
        halt(0)
    catch
        Class:Reason:Stack ->
            io:format(standard_error, "~p ~p ~p~n", [Class, Reason, Stack]),
            halt(1)
    end.

work("round-trip-" ++ Kind, Counts, Budget) ->
    round_trip(peer(1), contents(Kind, Counts), Budget);
work("alone-round-trip-" ++ Kind, Counts, Budget) ->
    round_trip(node(), contents(Kind, Counts), Budget);
work("flood-" ++ Kind, Counts, Budget) ->
    flood(peer(1), contents(Kind, Counts), Budget);
work("all-to-all", [Nodes], Budget) ->
    all_to_all(Nodes, Budget);
work("spawn", [], Budget) ->
    spawn_there(peer(1), Budget).

contents("small", []) -> 7;
contents("text", [Size]) -> binary:copy(<<"U">>, Size);
contents("doubles", [Count]) -> [I * 0.5 || I <- lists:seq(0, Count - 1)].

%% Another node; it ends when its standard input is closed, so with this one.
peer(Number) ->
    Address = "127.0.0." ++ integer_to_list(Number + 1),
    {ok, [[Port]]} = init:get_argument(erl_epmd_port),
    {ok, _, Node} = peer:start_link(#{
        name => lists:concat([peer, Number, "_", os:getpid()]),
        longnames => true,
        host => Address,
        connection => standard_io,
        args => [
            "-setcookie", atom_to_list(erlang:get_cookie()),
            "-start_epmd", "false",
            "-erl_epmd_port", Port,
            "-kernel", "inet_dist_use_interface",
            "{127,0,0," ++ integer_to_list(Number + 1) ++ "}",
            "-pa", filename:dirname(code:which(?MODULE))
        ]
    }),
    pong = net_adm:ping(Node),
    Node.

round_trip(Node, Contents, Budget) ->
    Echo = spawn(Node, ?MODULE, echo, []),
    median_time(Budget, fun(N) -> ping(Echo, Contents, N) end).

ping(_, _, 0) ->
    ok;
ping(Echo, Contents, N) ->
    Request = make_ref(),
    Echo ! {request, self(), Request, Contents},
    receive
        {Request, Reply} -> ping(Echo, Reply, N - 1)
    end.

echo() ->
    receive
        {request, From, Request, Contents} ->
            From ! {Request, Contents},
            echo()
    end.

flood(Node, Contents, Budget) ->
    Sink = spawn(Node, ?MODULE, sink, [0]),
    median_time(Budget, fun(N) ->
        pour(Sink, Contents, N),
        Request = make_ref(),
        Sink ! {self(), Request},
        receive
            {Request, N} -> ok
        end
    end).

pour(_, _, 0) ->
    ok;
pour(Sink, Contents, N) ->
    Sink ! {message, Contents},
    pour(Sink, Contents, N - 1).

sink(Taken) ->
    receive
        {message, _} ->
            sink(Taken + 1);
        {From, Request} ->
            From ! {Request, Taken},
            sink(0)
    end.

all_to_all(Count, Budget) ->
    Nodes = [peer(I) || I <- lists:seq(1, Count)],
    Members = [
        spawn(lists:nth(I rem Count + 1, Nodes), ?MODULE, member, [])
     || I <- lists:seq(0, ?MEMBERS - 1)
    ],
    [Member ! {others, Members -- [Member]} || Member <- Members],
    Pairs = ?MEMBERS * (?MEMBERS - 1),
    median_time(Budget, fun(N) ->
        Start = {start, self(), (N + Pairs - 1) div Pairs},
        [Member ! Start || Member <- Members],
        [
            receive
                {finished, Member} -> ok
            end
         || Member <- Members
        ]
    end).

member() ->
    receive
        {others, Others} -> member(Others)
    end.

%% Between the rounds it only answers.
member(Others) ->
    receive
        {request, From, Request, Contents} ->
            From ! {Request, Contents},
            member(Others);
        {start, Parent, N} ->
            Pending = [{exchange(Other), {Other, N}} || Other <- Others],
            member(Others, Parent, maps:from_list(Pending))
    end.

member(Others, Parent, Pending) when map_size(Pending) =:= 0 ->
    Parent ! {finished, self()},
    member(Others);
member(Others, Parent, Pending) ->
    receive
        {request, From, Request, Contents} ->
            From ! {Request, Contents},
            member(Others, Parent, Pending);
        {Request, _} ->
            case maps:take(Request, Pending) of
                {{_, 1}, Rest} ->
                    member(Others, Parent, Rest);
                {{Other, N}, Rest} ->
                    Next = exchange(Other),
                    member(Others, Parent, Rest#{Next => {Other, N - 1}})
            end
    end.

exchange(Other) ->
    Request = make_ref(),
    Other ! {request, self(), Request, 7},
    Request.

%% Until the new process is known to run.
spawn_there(Node, Budget) ->
    median_time(Budget, fun(N) -> spawn_one(Node, N) end).

spawn_one(_, 0) ->
    ok;
spawn_one(Node, N) ->
    Request = spawn_request(Node, ?MODULE, idle, []),
    receive
        {spawn_reply, Request, ok, Made} -> exit(Made, kill)
    end,
    spawn_one(Node, N - 1).

idle() ->
    receive
        stop -> ok
    end.

%% -- as in measure.hpp --------------------------------------------------------

median_time(Budget, Run) ->
    Run(1),
    N = warm_up(Budget, Run, 1),
    Samples = samples(Budget, Run, N, [], 0),
    lists:nth(length(Samples) div 2 + 1, lists:sort(Samples)).

timed(Run, N) ->
    Start = erlang:monotonic_time(),
    Run(N),
    Spent = erlang:monotonic_time() - Start,
    erlang:convert_time_unit(Spent, native, nanosecond) / 1.0e9.

warm_up(Budget, Run, N) ->
    case timed(Run, N) of
        Spent when Spent * 20 >= Budget -> N;
        Spent ->
            Growth = Budget / 20 / max(Spent, 1.0e-9) * 1.2,
            warm_up(Budget, Run, trunc(N * min(max(Growth, 1.5), 10)) + 1)
    end.

samples(Budget, Run, N, Samples, Total) ->
    Count = length(Samples),
    case Count < 3 orelse Total + Total / Count =< Budget of
        true ->
            Spent = timed(Run, N),
            samples(Budget, Run, N, [Spent / N | Samples], Total + Spent);
        false ->
            Samples
    end.
